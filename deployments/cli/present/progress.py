"""A run while it goes on: what is finished scrolls by, what is under way stays below it and moves."""

import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from deployments.cli.present.terminal import lay, say
from deployments.cli.present.words import counted, human
from deployments.cli.runs.watch import Seen
from tasks.clock import now
from tasks.ledger import RunChange

done = {"create": "created", "update": "changed", "wait": "healthy", "destroy": "gone"}
doing = {"create": "creating", "update": "changing", "wait": "waiting for", "destroy": "removing"}
most_shown = 8
"""Changes under way that are shown, each on a line."""
quiet_seconds = 10.0
"""In a pipe, how long nothing may be said while something is under way."""


class Progress:
    """Shows a run as it is seen. As a context manager: what moves is gone when the block ends."""

    def __init__(self, to: Console, began: float) -> None:
        self._to, self._began, self._spoke = to, began, time.monotonic()
        self._said: set[str] = set()
        self._seen: Seen | None = None
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

    def see(self, seen: Seen) -> None:
        """Say what is new since the last look."""
        self._seen = seen
        self._width = max([self._width, *map(len, seen.planned)])
        for note in seen.notes:
            self._say(f"note:{note}", Text(note, "yellow"))
        for change in seen.changes:
            if change.state != "intended":
                self._ended(change)
        if not self._to.is_terminal and time.monotonic() - self._spoke > quiet_seconds:
            self._spoke = time.monotonic()
            say(self._to, Text.assemble("… ", self._under_way_in_words(seen)), indent=2)

    def _ended(self, change: RunChange) -> None:
        well = change.state == "done"
        mark = Text("✓", "green") if well else Text("✗", "bold red")
        word = done[change.action] if well else "failed"
        address = change.address.ljust(self._width)
        took = human(change.seconds or 0).rjust(6)
        self._say(change.id, mark, address, Text(word.ljust(8), "" if well else "bold red"), Text(took, "dim"),
                  Text(change.reason, "dim"))  # fmt: skip

    def _say(self, once: str, *cells: Text | str) -> None:
        if once in self._said:
            return
        self._said.add(once)
        self._spoke = time.monotonic()
        lay(self._to, [cells])

    def _under_way_in_words(self, seen: Seen) -> str:
        names = [change.address for change in seen.changes if change.state == "intended"]
        return f"{', '.join(names) or _waits(seen)}, {human(time.monotonic() - self._began)}"

    def _moving(self) -> Group:
        return Group(*self._lines())

    def _lines(self) -> Iterator[Text | Table]:
        if self._seen is None:
            return
        changes = self._seen.changes
        under_way = [change for change in changes if change.state == "intended"]
        room = max(1, min(most_shown, self._to.height - 4))
        for change in under_way[:room]:
            word, took = doing[change.action].ljust(8), human(max(0.0, now() - change.began)).rjust(6)
            line = Text.assemble("  ", self._frame(), f"  {change.address.ljust(self._width)}  ", (word, "cyan"))
            yield line.append(f"  {took}", "dim")
        if len(under_way) > room:
            yield Text(f"     and {counted(len(under_way) - room, 'other')}", "dim")
        finished = sum(change.state != "intended" for change in changes)
        total = max(len(self._seen.planned), len(changes))
        count = f"{finished} of {total} done" if total else _waits(self._seen)
        frame = Text("") if under_way else Text.assemble(self._frame(), "  ")
        yield Text.assemble("  ", frame, (f"{count}, {human(float(int(time.monotonic() - self._began)))}", "dim"))

    def _frame(self) -> Text:
        frame = self._spinner.render(time.monotonic())
        return frame if isinstance(frame, Text) else Text("…")


def _waits(seen: Seen) -> str:
    """What a run does that has no plan yet."""
    waits = {"SCHEDULED": "waits to be started", "PENDING": "starting", "RUNNING": "looking at what there is"}
    return waits.get(seen.flow_run.type, seen.flow_run.state.lower())
