"""The newest minute that a target has measured by itself, where points come late and a quiet minute has none.

1. A minute counts once it is over and its healthy targets have a point: they have one for every minute.
2. Such a minute without a point of requests had none. Without a healthy target nothing is known of it: what arrived was
   turned away.
3. The newest minute that all groups have a point of is the one. Where a group is behind the others by more than its
   points may be late, theirs alone count, in part: it may have ended, and may have served more.
4. A minute that ended more than five minutes ago is stale.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from infra_specs.scaling.measurement import Measurement

MINUTE = 60.0
STALE_SECONDS = 300.0
LATE_SECONDS = 120.0
"""By which the points of one group may come later than those of another."""


@dataclass(frozen=True, slots=True)
class Minutes:
    """Points of one group of targets, by the second since the epoch at which their minute begins."""

    requests: Mapping[float, float] = field(default_factory=dict)
    """Requests that ended in it."""
    seconds: Mapping[float, float] = field(default_factory=dict)
    """The sum of their times."""
    healthy: Mapping[float, float] = field(default_factory=dict)
    """Targets that were healthy in it."""


def newest_minute(groups: Sequence[Minutes], moment: float) -> Measurement | None:
    """What the groups of one service measured together in the newest minute that is known; None: nothing is.

    The times of a minute's requests, added up, are as many seconds as requests were in flight on average times 60.
    """
    begins = [{begin for begin in group.healthy if begin + MINUTE <= moment} for group in groups]
    told = [points for points in begins if points]
    known = {begin for begin in set[float]().union(*told) if any(group.healthy.get(begin, 0.0) > 0 for group in groups)}
    if not known:
        return None
    newest = max(known)
    of_all = max(known.intersection(*told), default=0.0)
    in_part = newest - of_all > LATE_SECONDS
    begin = newest if in_part else of_all
    end = begin + MINUTE
    return Measurement(
        end,
        MINUTE,
        requests_per_second=sum(group.requests.get(begin, 0.0) for group in groups) / MINUTE,
        in_flight=sum(group.seconds.get(begin, 0.0) for group in groups) / MINUTE,
        serving=round(sum(group.healthy.get(begin, 0.0) for group in groups)),
        status="stale" if moment - end > STALE_SECONDS else "partial" if in_part else "fresh",
    )
