"""Where output goes: a terminal with colours and its own width, or a pipe with neither."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from deployments.cli import first_sign
from infra_specs.app_text.shown import shown_text

PIPED_WIDTH = 1000
"""The width of a pipe, in which nothing is wrapped."""
LEAST_ROOM = 24
"""A last column narrower than this goes on a line of its own."""
Cell = Text | str


def console(*, error: bool = False) -> Console:
    """The console of stdout, or of stderr. It respects NO_COLOR and prints markup and emoji names as they are."""
    first_sign.erase()
    stream = sys.stderr if error else sys.stdout
    width = None if stream.isatty() else PIPED_WIDTH
    return Console(stderr=error, width=width, highlight=False, markup=False, emoji=False)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON document on stdout."""
    print(json.dumps(document, indent=2))


def say(to: Console, *cells: Cell, indent: int = 0) -> None:
    """One line, folded under itself where the terminal is too narrow."""
    lay(to, [cells], indent)


def lay(to: Console, rows: Iterable[Sequence[Cell]], indent: int = 2) -> None:
    """Rows in columns, aligned; the last is folded under itself where the terminal is too narrow."""
    for line in columns(to, rows, indent):
        to.print(line, soft_wrap=True)


def columns(to: Console, rows: Iterable[Sequence[Cell]], indent: int = 2) -> Iterator[Text]:
    """The lines of `lay`."""
    table = [[_shown(cell) for cell in row] for row in rows]
    longest = max(map(len, table), default=1) - 1
    widths = [
        max((row[column].cell_len for row in table if column < len(row) - 1), default=0) for column in range(longest)
    ]
    for *first, last in table:
        line = Text(" " * indent)
        for cell, width in zip(first, widths, strict=False):
            line += cell
            line.append(" " * (width - cell.cell_len + 2))
        yield from _folded(to, line, last, indent)


def _shown(cell: Cell) -> Text:
    """What a cell says, without a character that steers a terminal: an app may have written it."""
    plain = cell.plain if isinstance(cell, Text) else cell
    shown = shown_text(plain)
    if isinstance(cell, Text):
        return cell if shown == plain else Text(shown, cell.style)
    return Text(shown)


def _folded(to: Console, line: Text, last: Text, indent: int) -> Iterator[Text]:
    room = to.width - line.cell_len
    if room < LEAST_ROOM and last.cell_len > room and line.plain.strip():
        line.rstrip()
        yield line
        line = Text(" " * (indent + 4))
        room = max(to.width - line.cell_len, LEAST_ROOM)
    hanging = " " * line.cell_len
    for part in last.divide(_breaks(last.plain, room)):
        part.rstrip()
        whole = line + part
        whole.rstrip()
        yield whole
        line = Text(hanging)


def _breaks(text: str, room: int) -> list[int]:
    """Where to fold a text: between words only, so that an address stays whole and can be clicked."""
    breaks, start = list[int](), 0
    for word in re.finditer(r"\S+", text):
        if cell_len(text[start : word.end()]) > room and word.start() > start:
            start = word.start()
            breaks.append(start)
    return breaks
