"""Frontiers as an SVG: the mean response against cost, one panel a trace."""

from collections.abc import Mapping, Sequence
from html import escape

from benchmarks.replay.score import PROMISED, Score

COLOURS = {
    "Tenfold": "#0a7d4f",
    "HPA": "#3267d6",
    "KEDA": "#8a4fd6",
    "Nomad": "#c77700",
    "ECS": "#c2334d",
    "clairvoyant": "#000",
}
WIDTH, HEIGHT, MARGIN = 460, 340, 56
ACROSS = 3
"""Panels in a row."""
LOWEST, HIGHEST = 1.5, 8.0
"""Of the mean response, over that of an idle replica."""
CHEAPEST, DEAREST = 0.7, 2.5
Panel = Mapping[str, Sequence[Score]]


def chart(panels: Mapping[str, Panel]) -> str:
    """The picture. The first score of a policy is its default's, drawn as a dot."""
    parts = [_panel(name, panel, number) for number, (name, panel) in enumerate(panels.items())]
    width, height = WIDTH * min(ACROSS, len(panels)), HEIGHT * -(-len(panels) // ACROSS)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="#fff"/>'
        f"{''.join(parts)}</svg>\n"
    )


def _panel(name: str, panel: Panel, number: int) -> str:
    row, column = divmod(number, ACROSS)
    drawn = [
        f'<g transform="translate({column * WIDTH} {row * HEIGHT})">'
        f'<text x="{MARGIN}" y="20" font-size="14">{escape(name)}</text>',
        _axes(),
    ]
    for line, (who, scores) in enumerate(panel.items()):
        colour = COLOURS[who]
        points = " ".join(
            f"{_x(score.cost):.1f},{_y(score.mean):.1f}"
            for score in sorted(scores, key=lambda score: score.cost)
            if CHEAPEST <= score.cost <= DEAREST and LOWEST <= score.mean <= HIGHEST
        )
        drawn.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        default = scores[0]
        drawn.append(f'<circle cx="{_x(default.cost):.1f}" cy="{_y(default.mean):.1f}" r="4" fill="{colour}"/>')
        drawn.append(f'<text x="{WIDTH - 96}" y="{44 + 15 * line}" fill="{colour}">{escape(who)}</text>')
    return "".join([*drawn, "</g>"])


def _axes() -> str:
    right, bottom = WIDTH - 12, HEIGHT - MARGIN + 12
    lines = [f'<path d="M{MARGIN} 30V{bottom}H{right}" fill="none" stroke="#333"/>']
    promised = f"{_y(PROMISED):.1f}"
    lines.append(f'<path d="M{MARGIN} {promised}H{right}" stroke="#999" stroke-dasharray="4 3"/>')
    for mean in (2, 3, 4, 5, 6, 7):
        lines.append(f'<path d="M{MARGIN} {_y(mean):.1f}H{right}" stroke="#ddd"/>')
        lines.append(f'<text x="{MARGIN - 6}" y="{_y(mean) + 4:.1f}" text-anchor="end">{mean}</text>')
    for cost in (1, 1.5, 2, 2.5):
        lines.append(f'<text x="{_x(cost):.1f}" y="{bottom + 15}" text-anchor="middle">{cost:g}</text>')
    lines.append(
        f'<text x="{(MARGIN + right) / 2}" y="{bottom + 32}" text-anchor="middle">replica-hours over the oracle</text>'
    )
    lines.append(f'<text transform="translate(14 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">mean response</text>')
    return "".join(lines)


def _x(cost: float) -> float:
    return MARGIN + (min(max(cost, CHEAPEST), DEAREST) - CHEAPEST) / (DEAREST - CHEAPEST) * (WIDTH - 12 - MARGIN)


def _y(mean: float) -> float:
    part = (min(max(mean, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
    return HEIGHT - MARGIN + 12 - part * (HEIGHT - MARGIN - 18)
