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


def backoff_until(runs: Sequence[FinishedRun], every_seconds: float) -> float | None:
    """Until when a stack is left alone after `runs` (the newest first) failed in a row; None if it need not be.

    Twice the interval after the first failure, doubled with each further one, an hour at most: what cannot be repaired
    is not torn down and built up again every few seconds, nor given up.
    """
    failures = 0
    for run in runs:
        if run.state != "failed":
            break
        failures += 1
    if not failures or runs[0].ended is None:
        return None
    return runs[0].ended + min(every_seconds * 2.0**failures, LONGEST_SECONDS)
