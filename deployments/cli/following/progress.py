"""A run while it goes on: finished changes scroll by, changes under way move below them."""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deployments.cli.following.watch import Snapshot, Step
from deployments.cli.terminal.output import Cell, lay, say
from deployments.cli.terminal.words import counted, first_line, human
from tasks.base.clock import now

DONE_WORDS = {"create": "created", "update": "changed", "wait": "healthy", "destroy": "gone"}
DOING_WORDS = {"create": "creating", "update": "changing", "wait": "waiting for", "destroy": "removing"}
MOST_SHOWN = 8
"""Changes under way that are shown at once."""
QUIET_SECONDS = 10.0
"""In a pipe, the longest time without a line."""


class Progress:
    """Shows the snapshots of a run. At the end of the `with` block the moving part is removed."""

    def __init__(self, to: Console, began: float) -> None:
        self._to, self._began, self._last_line = to, began, time.monotonic()
        self._shown: set[str] = set()
        self._snapshot: Snapshot | None = None
        self._width = 0
        self._spinner = Spinner("dots", style="cyan")
        self._live = Live(get_renderable=self._moving, console=to, transient=True, refresh_per_second=10)

    def __enter__(self) -> Self:
        if self._to.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, snapshot: Snapshot) -> None:
        """Print the notes and the changes that ended since the last snapshot."""
        self._snapshot = snapshot
        self._width = max([self._width, *map(len, snapshot.planned)])
        for note in snapshot.notes:
            self._print_once(f"note:{note}", Text(note, "yellow"))
        for step in snapshot.steps:
            if not step.under_way:
                self._print_ended(step)
        if not self._to.is_terminal and time.monotonic() - self._last_line > QUIET_SECONDS:
            self._last_line = time.monotonic()
            say(self._to, Text.assemble("… ", self._under_way(snapshot)), indent=2)
        if self._live.is_started:
            self._live.refresh()

    def _print_ended(self, step: Step) -> None:
        change = step.change
        match change.state:
            case "done":
                mark, word, why = Text("✓", "green"), Text(DONE_WORDS[change.action]), Text(change.reason, "dim")
            case "overtaken":
                mark, word = Text("·", "yellow"), Text("overtaken", "yellow")
                why = Text(first_line(change.message), "yellow")
            case _:
                mark, word = Text("✗", "bold red"), Text("failed", "bold red")
                why = Text(first_line(change.message), "red")
        word.pad_right(max(0, 8 - len(word)))
        took = Text(human(change.seconds or 0).rjust(6), "dim")
        self._print_once(change.id, mark, step.instance.ljust(self._width), word, took, why)

    def _print_once(self, key: str, *cells: Cell) -> None:
        if key in self._shown:
            return
        self._shown.add(key)
        self._last_line = time.monotonic()
        lay(self._to, [cells])

    def _under_way(self, snapshot: Snapshot) -> str:
        names = [step.instance for step in snapshot.steps if step.under_way]
        return f"{', '.join(names) or _activity(snapshot)}, {human(time.monotonic() - self._began)}"

    def _moving(self) -> Group:
        return Group(*self._lines())

    def _lines(self) -> Iterator[Text | Table]:
        if self._snapshot is None:
            return
        steps = self._snapshot.steps
        under_way = [step for step in steps if step.under_way]
        room = max(1, min(MOST_SHOWN, self._to.height - 4))
        for step in under_way[:room]:
            word, took = DOING_WORDS[step.change.action].ljust(8), human(max(0.0, now() - step.change.began)).rjust(6)
            line = Text.assemble("  ", self._frame(), f"  {step.instance.ljust(self._width)}  ", (word, "cyan"))
            line.no_wrap, line.overflow = True, "ellipsis"
            yield line.append(f"  {took}", "dim")
        if len(under_way) > room:
            yield Text(f"     and {counted(len(under_way) - room, 'other')}", "dim")
        finished = len(steps) - len(under_way)
        total = max(len(self._snapshot.planned), len(steps))
        count = f"{finished} of {total} done" if total else _activity(self._snapshot)
        frame = Text("") if under_way else Text.assemble(self._frame(), "  ")
        yield Text.assemble("  ", frame, (f"{count}, {human(float(int(time.monotonic() - self._began)))}", "dim"))

    def _frame(self) -> Text:
        frame = self._spinner.render(time.monotonic())
        return frame if isinstance(frame, Text) else Text("…")


def _activity(snapshot: Snapshot) -> str:
    """The activity of a run that has no plan yet."""
    activities = {"SCHEDULED": "waits to be started", "PENDING": "starting", "RUNNING": "looking at what there is"}
    return activities.get(snapshot.flow_run.type, snapshot.flow_run.state.lower())
