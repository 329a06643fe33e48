"""How often a repair that failed is tried again by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

LONGEST_SECONDS = 3600.0
FAILURES_SEEN = 8
"""Past runs that are read: after so many failures in a row the pause grows no more."""


class FinishedRun(Protocol):
    """A run that is over: how it ended, and when (seconds since the epoch)."""

    @property
    def state(self) -> str: ...
    @property
    def ended(self) -> float | None: ...


class Attempt(FinishedRun, Protocol):
    """A change that is over: of which address, how it ended, and when its run did."""

    @property
    def address(self) -> str: ...


class Outcome(Protocol):
    """How a change ended."""

    @property
    def state(self) -> str: ...


class StackRun(FinishedRun, Protocol):
    """A run on a stack: of which verb, and its changes."""

    @property
    def verb(self) -> str: ...
    @property
    def changes(self) -> Sequence[Outcome]: ...


@dataclass(frozen=True, slots=True)
class Rest:
    """What the timer leaves alone for now. Times are seconds since the epoch."""

    stack_until: float | None = None
    """Until when it leaves the whole stack alone; None if it does not."""
    addresses: Mapping[str, float] = field(default_factory=dict)
    """Address -> until when it leaves this alone."""


def rest_of(
    runs: Sequence[StackRun], attempts: Sequence[Attempt], *, settled: bool, every_seconds: float, moment: float
) -> Rest:
    """What the timer leaves alone at `moment`, after `runs` and `attempts` of a stack (the newest first).

    `settled`: whether a healthy release serves and no newer one is under way. Then what fails is drift, and each
    address rests by itself; or else the stack rests as a whole. A failed one-off command says nothing about repairs.
    """
    counted = [run for run in runs if run.verb != "run" and not (settled and _failed_by_a_change(run))]
    until = backoff_until(counted, every_seconds, moment)
    return Rest(until, _resting_addresses(attempts, every_seconds, moment) if settled else {})


def _failed_by_a_change(run: StackRun) -> bool:
    return run.state == "failed" and any(change.state == "failed" for change in run.changes)


def _resting_addresses(attempts: Sequence[Attempt], every_seconds: float, moment: float) -> dict[str, float]:
    """Each address rests by its own failures in a row."""
    by_address: dict[str, list[Attempt]] = {}
    for attempt in attempts:
        by_address.setdefault(attempt.address, []).append(attempt)
    ends = {address: backoff_until(own, every_seconds, moment) for address, own in by_address.items()}
    return {address: until for address, until in sorted(ends.items()) if until is not None}


def backoff_until(runs: Sequence[FinishedRun], every_seconds: float, now: float) -> float | None:
    """Until when something is left alone after `runs` (the newest first) failed in a row; None if it need not be now.

    Twice the interval after the first failure, doubled with each further one, an hour at most: what cannot be repaired
    is not torn down and built up again every few seconds, nor given up. A run that ended in the future ended before the
    clock was set back: nothing waits for that time to come again.
    """
    failures = 0
    for run in runs:
        if run.state != "failed":
            break
        failures += 1
    if not failures or runs[0].ended is None or runs[0].ended > now:
        return None
    until = runs[0].ended + min(every_seconds * 2.0**failures, LONGEST_SECONDS)
    return until if now < until else None
