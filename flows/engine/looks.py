"""Looks at stacks side by side. One that takes too long goes on when its run has ended; a later run tells its end."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Looked(Generic[T]):
    """What came of the looks."""

    outcomes: list[T]
    """Of the looks that have ended, those of earlier runs among them."""
    late: tuple[str, ...]
    """The stacks that are looked at on."""


@dataclass(slots=True)
class Looks(Generic[T]):
    """The looks of this process: never two at one stack at a time."""

    _under_way: dict[str, "asyncio.Task[T]"] = field(default_factory=dict)

    async def at(
        self, names: Iterable[str], look: Callable[[str], Coroutine[Any, Any, T]], seconds: float | None = None
    ) -> Looked[T]:
        """Look at each stack that no look is under way at, and wait for `seconds`; None is for as long as it takes.

        A stack whose look was late in an earlier run is not waited for. If this is cancelled, its own looks are.
        """
        loop = asyncio.get_running_loop()
        known = self._under_way.items()
        earlier = {name: task for name, task in known if task.get_loop() is loop and not task.cancelled()}
        own = {name: asyncio.create_task(look(name)) for name in names if name not in earlier}
        self._under_way = earlier | own
        try:
            if own:
                await asyncio.wait(own.values(), timeout=seconds, return_when=asyncio.FIRST_EXCEPTION)
        except asyncio.CancelledError:
            for task in own.values():
                task.cancel()
            raise
        return self._ended(earlier | own)

    def _ended(self, tasks: "dict[str, asyncio.Task[T]]") -> Looked[T]:
        """Of these tasks. Raises what ended one of them."""
        ended = {name: task for name, task in tasks.items() if task.done() and self._under_way.get(name) is task}
        for name in ended:
            del self._under_way[name]
        outcomes = [task.result() for task in ended.values() if not task.cancelled()]
        return Looked(outcomes, tuple(name for name, task in tasks.items() if not task.done()))
