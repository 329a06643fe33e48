"""How often a repair that failed is tried again by itself."""

from collections.abc import Sequence
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


def resting_addresses(attempts: Sequence[Attempt], every_seconds: float, moment: float) -> dict[str, float]:
    """What is left alone at `moment` after `attempts` (the newest first): address -> until when. Both since the epoch.

    Each rests by its own failures in a row, as `backoff_until` says.
    """
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
