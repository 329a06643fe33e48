"""Users and counts over time, as blocks in a line and as a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from xml.sax.saxutils import escape

BLOCKS = " ▁▂▃▄▅▆▇█"
WIDTH, HEIGHT = 960, 320
LEFT, RIGHT, TOP, BOTTOM = 48, 16, 40, 56
HOUR, DAY = 3600.0, 86_400.0
INK, SHADE = ("#5e35b1", "#00897b", "#e65100"), "#cfd8dc"


@dataclass(frozen=True, slots=True)
class Line:
    """A count over time, one for each window."""

    name: str
    counts: Sequence[float]


def in_columns(values: Sequence[float], columns: int) -> list[float]:
    """The highest of each column's share of the values."""
    columns = min(columns, len(values))
    edges = [round(at * len(values) / columns) for at in range(columns + 1)]
    return [max(values[start:end]) for start, end in pairwise(edges)]


def in_blocks(values: Sequence[float], most: float, columns: int) -> str:
    """The values as a line of blocks, of which the highest stands for `most`."""
    steps = len(BLOCKS) - 1
    return "".join(
        BLOCKS[min(steps, -int(-value * steps // most))] if most else " " for value in in_columns(values, columns)
    )


def svg(title: str, demand: Sequence[float], lines: Sequence[Line], began: float, seconds: float) -> str:
    """A picture of the demand, in full replicas, and of the counts that there were for it."""
    most = max(1.0, *demand, *(max(line.counts) for line in lines))
    area = [(LEFT, HEIGHT - BOTTOM), *_points(demand, most), (WIDTH - RIGHT, HEIGHT - BOTTOM)]
    drawn = [
        f'<text x="{LEFT}" y="22" class="title">{escape(title)}</text>',
        f'<polygon points="{_text(area)}" fill="{SHADE}"/>',
        *(
            f'<polyline points="{_text(_steps(line.counts, most))}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
            for line, colour in zip(lines, INK, strict=False)
        ),
        *_axes(most, began, seconds * len(demand)),
        *_legend(lines),
    ]
    style = "text{font:12px system-ui,sans-serif;fill:#37474f}.title{font-size:15px;font-weight:600}"
    box = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
    return f'<svg {box}><style>{style}</style><rect width="100%" height="100%" fill="#fff"/>{"".join(drawn)}</svg>\n'


def _points(values: Sequence[float], most: float) -> list[tuple[float, float]]:
    columns = in_columns(values, WIDTH - LEFT - RIGHT)
    across = (WIDTH - LEFT - RIGHT) / len(columns)
    return [(LEFT + at * across, _up(value, most)) for at, value in enumerate(columns)]


def _steps(values: Sequence[float], most: float) -> list[tuple[float, float]]:
    points = _points(values, most)
    across = points[1][0] - points[0][0] if len(points) > 1 else 0.0
    return [corner for x, y in points for corner in ((x, y), (x + across, y))]


def _up(value: float, most: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / most


def _axes(most: float, began: float, length: float) -> list[str]:
    """Numbers of replicas at the side, moments below."""
    lines = []
    for part in (0.0, 0.5, 1.0):
        y = _up(most * part, most)
        lines.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#eceff1"/>')
        lines.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{most * part:g}</text>')
    for part, anchor in ((0.0, "start"), (0.5, "middle"), (1.0, "end")):
        x = LEFT + (WIDTH - LEFT - RIGHT) * part
        label = _moment(began, length * part, length)
        lines.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="{anchor}">{label}</text>')
    return lines


def _moment(began: float, after: float, length: float) -> str:
    """A moment of UTC; of a table without times how long after its beginning."""
    if began:
        return datetime.fromtimestamp(began + after, UTC).strftime("%b %d %H:%M")
    return f"{after / DAY:.3g} d" if length > DAY else f"{after / HOUR:.3g} h"


def _legend(lines: Sequence[Line]) -> list[str]:
    shapes, x = list[str](), float(LEFT)
    for name, colour in (("demand, in full replicas", SHADE), *zip((line.name for line in lines), INK, strict=False)):
        shapes.append(f'<rect x="{x}" y="{HEIGHT - 20}" width="12" height="12" fill="{colour}"/>')
        shapes.append(f'<text x="{x + 18}" y="{HEIGHT - 10}">{escape(name)}</text>')
        x += 40 + 7 * len(name)
    return shapes


def _text(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
