"""Looks at stacks side by side. One that takes too long goes on when its run has ended; a later run tells its end."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Looked(Generic[T]):
    """What came of the looks."""

    outcomes: list[T]
    """Of the run's own looks that have ended, and of those that runs before it left behind."""
    late: tuple[str, ...]
    """The stacks of this run that are looked at on."""


@dataclass(slots=True)
class Looks(Generic[T]):
    """The looks of this process: never two at one stack at a time."""

    _left: "dict[asyncio.Task[T], str]" = field(default_factory=dict)
    """Looks that go on without their run, or whose end nobody has told yet; and their stacks."""
    _turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    """Whoever looks at a stack holds its lock."""
    _loop: asyncio.AbstractEventLoop | None = None

    async def at(
        self, names: Iterable[str], look: Callable[[str], Coroutine[Any, Any, T]], seconds: float | None = None
    ) -> Looked[T]:
        """Look at each stack, and wait for `seconds`; None is for as long as it takes.

        A stack that another run is looking at is looked at after that: what its look saw may be older than this call.
        A stack whose look was late in a run that has ended is not waited for. If this is cancelled, its own looks are.
        """
        self._forget_other_loops()
        told = [task for task in self._left if task.done()]
        for task in told:
            del self._left[task]
        wanted, busy = list(names), set(self._left.values())
        own = {asyncio.create_task(self._in_turn(name, look)): name for name in wanted if name not in busy}
        try:
            if own:
                await asyncio.wait(own, timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            for task in own:
                task.cancel()
            raise
        late = {task: name for task, name in own.items() if not task.done()}
        self._left |= late
        ended = [*told, *(task for task in own if task not in late)]
        not_seen = {*late.values(), *(name for name in wanted if name in busy)}
        return Looked(
            [task.result() for task in ended if not task.cancelled()],
            tuple(name for name in wanted if name in not_seen),
        )

    async def _in_turn(self, name: str, look: Callable[[str], Coroutine[Any, Any, T]]) -> T:
        async with self._turns[name]:
            return await look(name)

    def _forget_other_loops(self) -> None:
        """Forget the looks of a loop that is gone, and so are its looks."""
        if self._loop is not (loop := asyncio.get_running_loop()):
            self._loop = loop
            self._left.clear()
            self._turns.clear()
