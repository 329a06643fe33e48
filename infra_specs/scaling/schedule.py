"""Times of the week at which a service has a higher minimum."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from infra_specs.stackfile.models.week_days import days_and_time


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` on each of `days` until `end` (minutes of the day by the clock on the wall; an end that is not after
    the start is on the next day), at least `minimum` replicas."""

    days: tuple[int, ...]
    """0 is Monday."""
    start: int
    end: int
    minimum: int
    text: str
    """As it was written, for the reason."""

    def holds(self, weekday: int, minute: int) -> bool:
        """Whether it holds at a minute of a day of the week."""
        if self.start < self.end:
            return weekday in self.days and self.start <= minute < self.end
        if minute >= self.start:
            return weekday in self.days
        return minute < self.end and (weekday - 1) % 7 in self.days


def period(at: str, until: str, minimum: int) -> Period:
    """`Mon-Fri 08:00` and `18:00`, checked by `infra_specs.stackfile`. `Sat-Mon` goes over the end of the week."""
    days, start = days_and_time(at)
    return Period(days, _minute(start), _minute(until), minimum, f"{at}-{until}")


def _minute(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def active_period(schedule: Sequence[Period], timezone: str, now: float) -> Period | None:
    """The period with the highest minimum of those that hold at `now` (seconds since the epoch); None if none does.

    Read from the clock on the wall, so a period of 08:00 begins at 08:00 in summer and in winter.
    """
    if not schedule:
        return None
    local_time = datetime.fromtimestamp(now, _zone(timezone))
    weekday, minute = local_time.weekday(), local_time.hour * 60 + local_time.minute
    return max(
        (entry for entry in schedule if entry.holds(weekday, minute)), key=lambda entry: entry.minimum, default=None
    )


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
