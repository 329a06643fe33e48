"""How long a new instance may take until it is healthy, by target and kind, and how often it is looked at meanwhile."""

from collections.abc import Mapping
from functools import cache
from itertools import accumulate

from infra_specs.resources.patience import Patience

DEFAULT_SECONDS = 90.0
"""What a process or a container may take. Providers say `failed` earlier, by the thresholds of a kind."""
JOB_SECONDS = 3600.0
"""How long a job that others wait for may take to its end."""
MOST_LOOKS = 120
"""Looks at one instance, the first and the last included."""

_SECONDS: Mapping[tuple[str, str], float] = {
    ("aws", "database"): 1200.0,
    ("aws", "cache"): 900.0,
    ("aws", "proxy"): 300.0,
    ("aws", "service"): 600.0,
    ("swarm", "service"): 180.0,
    ("swarm", "replica"): 180.0,
}
_SOONEST, _LATEST_FIRST_LOOK = 0.02, 0.25
_FIRST_PART = 1 / 4500
_LEAST_GROWTH = 1.04


def ready_seconds(provider: str, kind: str, patience: Patience | None = None) -> float:
    """Seconds that a new instance of this kind may take on this target until it is healthy; a job, until it ends.

    A copy of a service has its own `patience`, and its target's reserve beyond that.
    """
    if kind == "job":
        return JOB_SECONDS
    seconds = _SECONDS.get((provider, kind), DEFAULT_SECONDS)
    return seconds if patience is None else seconds + patience.start_seconds - Patience().start_seconds


def start_note(service: str, patience: Patience) -> str:
    """What the message of a copy that was not ready in time adds: which key of the stack's file to raise."""
    return f"start: {patience.start_seconds:g}s; raise services.{service}.start if it needs longer"


@cache
def look_delays(ready_seconds: float) -> tuple[float, ...]:
    """Seconds between each look and the next. They add up to `ready_seconds`, which must not be negative.

    The first look comes at once, so there is one look more than there are delays, and never more than MOST_LOOKS. The
    delays grow: often at first, since most things are ready soon, and then about a twentieth of the time waited.
    """
    if ready_seconds <= 0:
        return ()
    first = min(max(ready_seconds * _FIRST_PART, _SOONEST), _LATEST_FIRST_LOOK)
    growth = _growth(first, ready_seconds)
    delays = [first * growth**number for number in range(MOST_LOOKS - 1)]
    whole = [delay for delay, waited in zip(delays, accumulate(delays), strict=True) if waited < ready_seconds]
    return (*whole[: MOST_LOOKS - 2], ready_seconds - sum(whole[: MOST_LOOKS - 2]))


def _growth(first: float, total: float) -> float:
    """By which factor delays must grow from `first`, so that as many as there may be add up to `total` at least."""
    low, high = _LEAST_GROWTH, 2.0
    for _ in range(50):
        middle = (low + high) / 2
        enough = first * (middle ** (MOST_LOOKS - 1) - 1) / (middle - 1) >= total
        low, high = (low, middle) if enough else (middle, high)
    return high
