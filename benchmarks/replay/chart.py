"""Frontiers as an SVG: lost against cost, one panel a trace."""

import math
from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.replay.rules import Score

COLOURS = {
    "Tenfold": "#0a7d4f",
    "HPA": "#3267d6",
    "KEDA": "#8a4fd6",
    "Nomad": "#c77700",
    "ECS": "#c2334d",
    "hindsight": "#888",
}
WIDTH, HEIGHT, MARGIN = 460, 340, 56
LOWEST, HIGHEST = 0.005, 20.0
"""Percent lost."""
CHEAPEST, DEAREST = 0.9, 3.0
Panel = Mapping[str, Sequence[Score]]


def chart(panels: Mapping[str, Panel]) -> str:
    """The picture. The first score of a policy is its default's, drawn as a dot."""
    parts = [_panel(name, panel, number * WIDTH) for number, (name, panel) in enumerate(panels.items())]
    whole = WIDTH * len(panels)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {HEIGHT}" width="{whole}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(parts)}</svg>\n"
    )


def _panel(name: str, panel: Panel, left: int) -> str:
    drawn = [
        f'<g transform="translate({left} 0)"><text x="{MARGIN}" y="20" font-size="14">{escape(name)}</text>',
        _axes(),
    ]
    for row, (who, scores) in enumerate(panel.items()):
        colour = COLOURS.get(who, "#000")
        inside = [
            score
            for score in sorted(scores, key=lambda one: one.cost)
            if CHEAPEST <= score.cost <= DEAREST and score.lost <= HIGHEST
        ]
        points = " ".join(f"{_x(score.cost):.1f},{_y(score.lost):.1f}" for score in inside)
        dashed = ' stroke-dasharray="4 3"' if who == "hindsight" else ""
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>')
        if not dashed:
            drawn.append(f'<circle cx="{_x(scores[0].cost):.1f}" cy="{_y(scores[0].lost):.1f}" r="4" fill="{colour}"/>')
        drawn.append(f'<text x="{WIDTH - 96}" y="{44 + 15 * row}" fill="{colour}">{escape(who)}</text>')
    return "".join([*drawn, "</g>"])


def _axes() -> str:
    right, bottom = WIDTH - 12, HEIGHT - MARGIN + 12
    lines = [f'<path d="M{MARGIN} 30V{bottom}H{right}" fill="none" stroke="#333"/>']
    for lost in (0.01, 0.1, 1, 10):
        lines.append(f'<path d="M{MARGIN} {_y(lost):.1f}H{right}" stroke="#ddd"/>')
        lines.append(f'<text x="{MARGIN - 6}" y="{_y(lost) + 4:.1f}" text-anchor="end">{lost:g} %</text>')
    for cost in (1, 1.5, 2, 2.5):
        lines.append(f'<text x="{_x(cost):.1f}" y="{bottom + 15}" text-anchor="middle">{cost:g}</text>')
    lines.append(
        f'<text x="{(MARGIN + right) / 2}" y="{bottom + 32}" text-anchor="middle">replica-hours over the oracle</text>'
    )
    lines.append(f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">requests lost</text>')
    return "".join(lines)


def _x(cost: float) -> float:
    return MARGIN + (min(max(cost, CHEAPEST), DEAREST) - CHEAPEST) / (DEAREST - CHEAPEST) * (WIDTH - 12 - MARGIN)


def _y(lost: float) -> float:
    part = math.log(max(lost, LOWEST) / LOWEST) / math.log(HIGHEST / LOWEST)
    return HEIGHT - MARGIN + 12 - min(part, 1) * (HEIGHT - MARGIN - 18)
