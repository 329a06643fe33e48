"""A month's budget: what of it is spent, and what is left to grow with."""

from dataclasses import dataclass
from datetime import UTC, datetime

from infra_specs.sizing.demand import MONTH_SECONDS


@dataclass(frozen=True, slots=True)
class Spent:
    """USD that a stack has cost in a calendar month of UTC (`2026-11`), and the moment up to which that is known.

    `at` (seconds since the epoch) may lie in a later month: after a teardown it is when the stack was wanted again.
    """

    month: str
    usd: float
    at: float


def month_of(moment: float) -> str:
    """The calendar month of a moment, as `2026-11`."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m")


def part_left(moment: float) -> float:
    """The part of the calendar month that is still to come: 1 at its beginning."""
    now = datetime.fromtimestamp(moment, UTC)
    begin = datetime(now.year, now.month, 1, tzinfo=UTC)
    end = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
    return (end - now) / (end - begin)


def seconds_left(moment: float) -> float:
    """The same in seconds of a month of 30 days, so that a price a month costs no more in a month of 31."""
    return part_left(moment) * MONTH_SECONDS


def spend(before: Spent | None, moment: float, rate: float) -> Spent:
    """What is spent at `moment` by a stack that costs `rate` USD a month now.

    It is taken to have cost as much since the last look. What was before the first look is not known and not counted.
    """
    month = month_of(moment)
    if before is None or before.at >= moment:
        return before or Spent(month, 0.0, moment)
    usd = before.usd if before.month == month else 0.0
    began = part_left(before.at) if month_of(before.at) == month else 1.0
    return Spent(month, usd + rate * (began - part_left(moment)), moment)


def budget_left(budget: float, spent: Spent | None, moment: float, rate: float) -> float:
    """USD that nothing has claimed: neither spent, nor what all that runs now costs until the month's end."""
    already = spent.usd if spent and spent.month == month_of(moment) else 0.0
    return budget - already - rate * part_left(moment)
