"""The demand of services on earlier days at this time of day, read for many services at once."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

import sqlalchemy as sa

from infra_specs.scaling.scaling_input import PastDemand
from tasks.ledger.database import Database
from tasks.ledger.measurements import FEW_STACKS, PERIOD_SECONDS, Key, period_of
from tasks.ledger.tables import measurements

DAYS = (1, 7, 14, 21, 28)
"""Days back: yesterday, and this weekday of the last four weeks."""
MAX_AHEAD = 1800.0
"""Seconds; the forecast looks no farther ahead, even if a replica takes longer to start."""
_DAY = 86_400.0
_GAP = 3 * PERIOD_SECONDS
"""Seconds; the demand is not interpolated between points that are farther apart."""

Points = Sequence[tuple[float, float]]
"""(seconds since the epoch, demand), in order."""


class Seasonality:
    """The demand of earlier days."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def past_demand(self, now: float, ahead: Mapping[Key, float]) -> dict[Key, tuple[PastDemand, ...]]:
        """The demand of earlier days at this time of day, by service, as far as it is known.

        `ahead`: the startup time of a replica in seconds, by service.
        """
        longest = min(max(ahead.values(), default=0.0), MAX_AHEAD)
        points = _points(self._database, now, longest, ahead.keys())
        return {key: tuple(_earlier(points.get(key, ()), now, min(MAX_AHEAD, ahead[key]))) for key in ahead}


def demand(points: Points, at: float) -> float | None:
    """The demand at a moment, interpolated between the two points around it; None if there are none near."""
    right = bisect_left(points, (at,))
    before, after = points[right - 1] if right else None, points[right] if right < len(points) else None
    if before and after and after[0] - before[0] <= _GAP:
        return before[1] + (after[1] - before[1]) * (at - before[0]) / (after[0] - before[0])
    near = [point for point in (before, after) if point and abs(point[0] - at) <= PERIOD_SECONDS]
    return min(near, key=lambda point: abs(point[0] - at))[1] if near else None


def _earlier(points: Points, now: float, ahead: float) -> list[PastDemand]:
    days_seen = []
    for day in DAYS:
        moment = now - day * _DAY
        current = demand(points, moment)
        if current is not None:
            between = [value for at, value in points if moment < at < moment + ahead]
            last = demand(points, moment + ahead)
            days_seen.append(PastDemand(day, current, max(current, *between, current if last is None else last)))
    return days_seen


def _points(database: Database, now: float, ahead: float, keys: Set[Key]) -> dict[Key, Points]:
    """The middle of each period around each day's span, in requests in flight where those are known, else a second."""
    periods = [period for day in DAYS for period in _around(now - day * _DAY, ahead)]
    table = measurements.c
    columns = (table.period, table.stack, table.service, table.in_flight, table.requests_per_second)
    query = sa.select(*columns).where(table.period.in_(periods)).order_by(table.period)
    stacks = {key[0] for key in keys}
    if len(stacks) <= FEW_STACKS:
        query = query.where(table.stack.in_(sorted(stacks)))
    with database.read() as connection:
        rows = connection.execute(query).all()
    return _by_service(rows, keys)


def _by_service(rows: Sequence[sa.Row[tuple[int, str, str, float, float]]], keys: Set[Key]) -> dict[Key, Points]:
    in_flights, rates = (
        defaultdict[Key, list[tuple[float, float]]](list),
        defaultdict[Key, list[tuple[float, float]]](list),
    )
    for period, stack, service, in_flight, requests in rows:
        if (key := (stack, service)) in keys:
            middle = period + PERIOD_SECONDS / 2
            if isinstance(in_flight, int | float):
                in_flights[key].append((middle, in_flight))
            if isinstance(requests, int | float):
                rates[key].append((middle, requests))
    return {key: in_flights.get(key) or rates.get(key, []) for key in keys}


def _around(then: float, ahead: float) -> range:
    first = period_of(then - PERIOD_SECONDS)
    return range(first, period_of(then + ahead + PERIOD_SECONDS) + 1, PERIOD_SECONDS)
