"""A simulated process: one run of a flow, and what befalls it at which of its outside effects."""

import asyncio
from contextvars import ContextVar
from dataclasses import dataclass, field
from random import Random

from infra_specs.errors import TransientError

DELAYS = (0.0, 0.0, 0.01, 0.4)
"""Seconds that a call may take before it is made: by this, calls that run at once change their order."""


class Killed(BaseException):
    """The simulated process has ended without a word. No code of the product may catch it."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What befalls one run. Numbers count from 1; 0 is never."""

    kill_at: int = 0
    """Before or after which outside effect it is killed: a point stands on each side."""
    pause_at: int = 0
    """Before which of its calls it is paused, until another run has taken over."""
    lose_at: int = 0
    """The effect on the target whose answer is lost: it happened."""
    refuse_at: int = 0
    """The effect on the target that did not happen, for a reason that passes."""
    times: int = 1
    """For how many effects in a row."""
    stale_at: int = 0
    """Which of its observations is answered from the past."""

    def __str__(self) -> str:
        parts = [f"{name}={getattr(self, name)}" for name in self.__slots__ if getattr(self, name) and name != "times"]
        return ", ".join([*parts, f"times={self.times}"] if self.times > 1 else parts)


@dataclass
class Process:
    """One run: whether it lives, and how far it has come."""

    number: int
    verb: str
    random: Random
    faults: Faults = Faults()
    deletes_data: bool = False
    alive: bool = True
    points: int = 0
    calls: int = 0
    effects: int = 0
    observations: int = 0
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def reach(self) -> None:
        """Pass a point beside an outside effect. Raises Killed at the one where it dies, and ever after."""
        self.points += 1
        if self.points == self.faults.kill_at:
            self.alive = False
        self.require_alive()

    def require_alive(self) -> None:
        if not self.alive:
            raise Killed

    async def begin_call(self) -> None:
        """Wait as long as a call takes to be made, and as long as this process is paused."""
        self.calls += 1
        if self.calls == self.faults.pause_at:
            self.paused.set()
        await asyncio.sleep(self.random.choice(DELAYS))
        await self.go_on()
        self.require_alive()

    async def go_on(self) -> None:
        """Wait while this process is paused."""
        if self.paused.is_set():
            await self.woken.wait()

    def begin_effect(self) -> None:
        """Count an effect on the target. Raises TransientError for one that does not happen."""
        self.reach()
        self.effects += 1
        if self._is_within(self.faults.refuse_at):
            raise TransientError("the simulated target is busy")

    def end_effect(self) -> None:
        """Raises TransientError for an effect that happened and whose answer is lost."""
        self.reach()
        if self._is_within(self.faults.lose_at):
            raise TransientError("the answer of the simulated target was lost")

    def is_stale(self) -> bool:
        """Whether the next observation is one of the past."""
        self.observations += 1
        return self.observations == self.faults.stale_at

    def _is_within(self, first: int) -> bool:
        return bool(first) and first <= self.effects < first + self.faults.times


current_process: ContextVar[Process | None] = ContextVar("simulated process", default=None)
