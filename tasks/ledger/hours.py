"""Means and maxima of hours, made from those of five minutes: what a year looks like."""

from typing import Any

import sqlalchemy as sa

from tasks.ledger.database import Database
from tasks.ledger.tables import hours, measurements

HOUR_SECONDS = 3600
HOURS_KEPT = 366 * 86_400.0
_KEY = ("period", "stack", "service")
_MEANS = ("requests_per_second", "in_flight", "latency", "serving", "errors")
_MOST = ("most_requests_per_second", "most_in_flight", "most_latency")


def hour_of(at: float) -> int:
    """The hour that a moment is in: its beginning, in seconds since the epoch."""
    return int(at // HOUR_SECONDS) * HOUR_SECONDS


def sum_up(database: Database, connection: sa.Connection, at: float) -> None:
    """Write the hour of this moment, of every service, from the periods of it that are known. Again is the same."""
    hour = hour_of(at)
    table = measurements.c
    within = (table.period >= hour) & (table.period < hour + HOUR_SECONDS)
    query = sa.select(table.stack, table.service, *_sums()).where(within).group_by(table.stack, table.service)
    rows = [{"period": hour, **row} for row in connection.execute(query).mappings()]
    if rows:
        new = database.insert(hours)
        changed = {column.name: new.excluded[column.name] for column in hours.c if column.name not in _KEY}
        connection.execute(new.on_conflict_do_update(index_elements=_KEY, set_=changed), rows)


def _sums() -> "list[sa.ColumnElement[Any]]":
    """Means weighted by the time that was seen, a period without length as a second of it; and maxima."""
    table = measurements.c
    weight = sa.case((table.seconds < 1, 1.0), else_=table.seconds)
    means = [
        (sa.func.sum(table[name] * weight) / sa.func.sum(sa.case((table[name].is_not(None), weight)))).label(name)
        for name in _MEANS
    ]
    return [
        sa.func.sum(table.seconds).label("seconds"),
        *means,
        *(sa.func.max(table[name]).label(name) for name in _MOST),
    ]
