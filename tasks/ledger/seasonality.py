"""What services did on earlier days at this time of day, for many of them at once."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set

import sqlalchemy as sa

from infra_specs.scaling.scaling_input import Earlier
from tasks.ledger.database import Database
from tasks.ledger.measurements import Key, few, period_of, period_seconds
from tasks.ledger.tables import measurements

days = (1, 7, 14, 21, 28)
"""Yesterday, and this day of the last four weeks."""
farthest_ahead = 1800.0
"""Seconds: no replica takes longer to start, and if one does the forecast ends here."""
_day = 86_400.0
_gap = 3 * period_seconds
"""Between two points farther apart nothing is known."""

Points = Sequence[tuple[float, float]]
"""(seconds since the epoch, demand), in order."""


def rhythm(database: Database, now: float, ahead: Mapping[Key, float]) -> dict[Key, tuple[Earlier, ...]]:
    longest = min(max(ahead.values(), default=0.0), farthest_ahead)
    points = _points(database, now, longest, ahead.keys())
    return {key: tuple(_earlier(points.get(key, ()), now, min(farthest_ahead, ahead[key]))) for key in ahead}


def demand(points: Points, at: float) -> float | None:
    """The demand at a moment, on the straight line between the two points around it; None where none are near."""
    right = bisect_left(points, (at,))
    before, after = points[right - 1] if right else None, points[right] if right < len(points) else None
    if before and after and after[0] - before[0] <= _gap:
        return before[1] + (after[1] - before[1]) * (at - before[0]) / (after[0] - before[0])
    near = [point for point in (before, after) if point and abs(point[0] - at) <= period_seconds]
    return min(near, key=lambda point: abs(point[0] - at))[1] if near else None


def _earlier(points: Points, now: float, ahead: float) -> list[Earlier]:
    found = []
    for day in days:
        then = now - day * _day
        here = demand(points, then)
        if here is not None:
            between = [value for at, value in points if then < at < then + ahead]
            last = demand(points, then + ahead)
            found.append(Earlier(day, here, max(here, *between, here if last is None else last)))
    return found


def _points(database: Database, now: float, ahead: float, wanted: Set[Key]) -> dict[Key, Points]:
    """The middle of each period around each day's span, in requests in flight where those are known, else a second."""
    periods = [period for day in days for period in _around(now - day * _day, ahead)]
    table = measurements.c
    columns = (table.period, table.stack, table.service, table.in_flight, table.requests_per_second)
    query = sa.select(*columns).where(table.period.in_(periods)).order_by(table.period)
    stacks = {key[0] for key in wanted}
    if len(stacks) <= few:
        query = query.where(table.stack.in_(sorted(stacks)))
    with database.read() as connection:
        rows = connection.execute(query).all()
    return _by_service(rows, wanted)


def _by_service(rows: Sequence[sa.Row[tuple[int, str, str, float, float]]], wanted: Set[Key]) -> dict[Key, Points]:
    inside, second = (
        defaultdict[Key, list[tuple[float, float]]](list),
        defaultdict[Key, list[tuple[float, float]]](list),
    )
    for period, stack, service, in_flight, requests in rows:
        if (key := (stack, service)) in wanted:
            middle = period + period_seconds / 2
            if isinstance(in_flight, int | float):
                inside[key].append((middle, in_flight))
            if isinstance(requests, int | float):
                second[key].append((middle, requests))
    return {key: inside.get(key) or second.get(key, []) for key in wanted}


def _around(then: float, ahead: float) -> range:
    first = period_of(then - period_seconds)
    return range(first, period_of(then + ahead + period_seconds) + 1, period_seconds)
