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

from deployments.cli.following.watch import Snapshot, Step
from deployments.cli.terminal.output import lay, say
from deployments.cli.terminal.words import counted, human
from tasks.base.clock import now

DONE_WORDS = {"create": "created", "update": "changed", "wait": "healthy", "destroy": "gone"}
DOING_WORDS = {"create": "creating", "update": "changing", "wait": "waiting for", "destroy": "removing"}
MOST_SHOWN = 8
"""Changes under way that are shown, each on a line."""
QUIET_SECONDS = 10.0
"""In a pipe, how long nothing may be said while something is under way."""


class Progress:
    """Shows a run as it is seen. As a context manager: what moves is gone when the block ends."""

    def __init__(self, to: Console, began: float) -> None:
        self._to, self._began, self._spoke = to, began, time.monotonic()
        self._said: set[str] = set()
        self._seen: Snapshot | None = None
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

    def see(self, seen: Snapshot) -> None:
        """Say what is new since the last look."""
        self._seen = seen
        self._width = max([self._width, *map(len, seen.planned)])
        for note in seen.notes:
            self._say(f"note:{note}", Text(note, "yellow"))
        for step in seen.steps:
            if not step.under_way:
                self._ended(step)
        if not self._to.is_terminal and time.monotonic() - self._spoke > QUIET_SECONDS:
            self._spoke = time.monotonic()
            say(self._to, Text.assemble("… ", self._under_way_in_words(seen)), indent=2)
        if self._live.is_started:
            self._live.refresh()

    def _ended(self, step: Step) -> None:
        change, well = step.change, step.change.state == "done"
        why = change.reason if well else next(iter(change.message.splitlines()), "")
        self._say(
            change.id,
            Text("✓", "green") if well else Text("✗", "bold red"),
            step.what.ljust(self._width),
            Text((DONE_WORDS[change.action] if well else "failed").ljust(8), "" if well else "bold red"),
            Text(human(change.seconds or 0).rjust(6), "dim"),
            Text(why, "dim" if well else "red"),
        )

    def _say(self, once: str, *cells: Text | str) -> None:
        if once in self._said:
            return
        self._said.add(once)
        self._spoke = time.monotonic()
        lay(self._to, [cells])

    def _under_way_in_words(self, seen: Snapshot) -> str:
        names = [step.what for step in seen.steps if step.under_way]
        return f"{', '.join(names) or _waits(seen)}, {human(time.monotonic() - self._began)}"

    def _moving(self) -> Group:
        return Group(*self._lines())

    def _lines(self) -> Iterator[Text | Table]:
        if self._seen is None:
            return
        steps = self._seen.steps
        under_way = [step for step in steps if step.under_way]
        room = max(1, min(MOST_SHOWN, self._to.height - 4))
        for step in under_way[:room]:
            word, took = DOING_WORDS[step.change.action].ljust(8), human(max(0.0, now() - step.change.began)).rjust(6)
            line = Text.assemble("  ", self._frame(), f"  {step.what.ljust(self._width)}  ", (word, "cyan"))
            line.no_wrap, line.overflow = True, "ellipsis"
            yield line.append(f"  {took}", "dim")
        if len(under_way) > room:
            yield Text(f"     and {counted(len(under_way) - room, 'other')}", "dim")
        finished = len(steps) - len(under_way)
        total = max(len(self._seen.planned), len(steps))
        count = f"{finished} of {total} done" if total else _waits(self._seen)
        frame = Text("") if under_way else Text.assemble(self._frame(), "  ")
        yield Text.assemble("  ", frame, (f"{count}, {human(float(int(time.monotonic() - self._began)))}", "dim"))

    def _frame(self) -> Text:
        frame = self._spinner.render(time.monotonic())
        return frame if isinstance(frame, Text) else Text("…")


def _waits(seen: Snapshot) -> str:
    """What a run does that has no plan yet."""
    waits = {"SCHEDULED": "waits to be started", "PENDING": "starting", "RUNNING": "looking at what there is"}
    return waits.get(seen.flow_run.type, seen.flow_run.state.lower())
