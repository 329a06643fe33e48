"""A clock that jumps to the next thing to do, and an event loop that goes by it."""

import asyncio
from typing import Any

BEGIN = 1_800_000_000.0
"""Seconds since the epoch at which each simulation begins."""


class VirtualClock:
    """Seconds since the epoch, as far as the simulation has come."""

    def __init__(self) -> None:
        self.now = BEGIN

    def time(self) -> float:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        self.now += seconds


class VirtualLoop(asyncio.BaseEventLoop):
    """Runs coroutines in one thread and in the same order each time. It waits for nothing outside."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock
        self._selector = _Jump(clock)
        self._clock_resolution = 1e-6  # of so late a time a float says no less

    def time(self) -> float:
        return self._clock.now

    def _process_events(self, event_list: list[Any]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who could be woken."""


class _Jump:
    """In place of a selector: to wait is to move the clock."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    def select(self, timeout: float | None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("every coroutine of the simulation waits for another")
        self._clock.pass_seconds(timeout)
        return []
