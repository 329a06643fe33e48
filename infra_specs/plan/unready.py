"""What becomes of a copy that is not ready: it has answered, does not now, and its process runs. It may be busy.

Not ready ends nothing by itself. Of the live copies at one address that are as wanted:
1. one that has not answered for `restart_after` goes, and is replaced if it is the last;
2. one that stands alone and is not ready for 30 s gets one successor beside it, if its service may have one copy more
   and two of it can stand side by side; a successor that failed counts, so each gets one;
3. while several stand nobody gets a successor, whether they are ready or not;
4. the newest that is ready serves; the others go when their requests have ended, or once more time is over than
   `restart_after`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra_specs.resources.instance import Instance
from infra_specs.resources.patience import Patience
from infra_specs.resources.resource import Resource

SUCCESSOR_SECONDS = 30.0
"""How long a copy may be not ready until it gets a successor beside it."""
Why = tuple[Instance, str]
"""An instance, and why it goes or is left alone."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is decided of the copies at one address: `staying` is the one that others refer to from now on.

    `successor` is why another is made; empty if none is. With it, `staying` serves until that is healthy.
    """

    staying: Instance | None
    successor: str = ""
    going: tuple[Why, ...] = ()
    left: tuple[Why, ...] = ()


def stand(
    copies: Sequence[Instance], failed: Iterable[Instance], resource: Resource, *, room: int, moment: float
) -> Standing:
    """Decide of live `copies` at one address that are as wanted, the newest last; at least one.

    `failed` stand at the same address; `room` is how many copies more the service may have. `moment`: seconds since
    the epoch.
    """
    if resource.patience is None:
        return Standing(copies[-1], going=tuple((copy, "one too many") for copy in copies[:-1]))
    silent = [copy for copy in copies if copy.unready and _lasts(copy, resource.patience.restart_seconds, moment)]
    patient = [copy for copy in copies if copy not in silent]
    gone = tuple((copy, _restart_reason(resource.patience)) for copy in silent)
    if not patient:
        return Standing(None, _restart_reason(resource.patience), going=gone)
    ready = [copy for copy in patient if not copy.unready]
    staying = (ready or patient)[-1]
    others = [_judged(copy, staying, resource.patience, moment) for copy in patient if copy is not staying]
    going = (*gone, *((copy, why) for copy, goes, why in others if goes))
    left = [(copy, why) for copy, goes, why in others if not goes]
    if not staying.unready:
        return Standing(staying, going=going, left=tuple(left))
    alone = len(copies) == 1 and all(copy.incarnation < staying.incarnation for copy in failed)
    if alone and room > 0 and not resource.singleton and _lasts(staying, SUCCESSOR_SECONDS, moment):
        why = f"not ready for {moment - staying.health.since:.0f} s: one more beside {staying.short}"
        return Standing(staying, why, left=((staying, "not ready, and serves until its successor does"),))
    left.append((staying, "not ready: its process runs, and it may be busy"))
    return Standing(staying, going=going, left=tuple(left))


def _judged(copy: Instance, staying: Instance, times: Patience, moment: float) -> tuple[Instance, bool, str]:
    """Whether one beside the one that stays goes, and why, or why not yet."""
    if staying.health.state != "healthy":
        return copy, False, f"stays until {staying.short} serves"
    if copy.in_flight and not _lasts(copy, times.restart_seconds, moment):
        requests = f"{copy.in_flight} requests have" if copy.in_flight > 1 else "request has"
        return copy, False, f"{staying.short} serves; it is stopped when its {requests} ended"
    return copy, True, f"{staying.short} serves" if copy.unready else "one too many"


def _lasts(copy: Instance, seconds: float, moment: float) -> bool:
    """Whether it has been in its state for so long."""
    return moment - copy.health.since >= seconds


def _restart_reason(times: Patience) -> str:
    return f"has not answered for {times.restart_seconds:g} s (restart_after)"
