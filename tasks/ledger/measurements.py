"""Measurements: every window for two days, means and maxima of five minutes for five weeks, of hours for a year.

A period is the beginning of five minutes, in seconds since the epoch. The windows that ended in it lie together in one
row a service, which is read, added to and written again by each check; the means are always those of what is there.
An hour is summed up again at the end of each period in it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from infra_specs.scaling.measurement import Measurement
from tasks.ledger.database import Database
from tasks.ledger.hours import HOUR_SECONDS, HOURS_KEPT, hour_of
from tasks.ledger.tables import hours, measurements, samples

Key = tuple[str, str]
"""Stack and service."""

PERIOD_SECONDS = 300
SAMPLES_KEPT = 2 * 86_400.0
MEASUREMENTS_KEPT = 35 * 86_400.0
MIN_ROWS_REMOVED = 200
"""Rows that one check may remove at least; at most twice as many as it writes. So old rows never pile up."""

_COLUMNS = ("seconds", "requests_per_second", "in_flight", "latency", "serving", "cpu", "queue", "status", "errors")
_STATUS = 1 + _COLUMNS.index("status")
_SHORTEST = 1 + len(_COLUMNS) - 1
"""Numbers of a window that an earlier version wrote, which knew no errors."""
_DIGITS = 4


@dataclass(frozen=True, slots=True)
class AggregatedMeasurement:
    """Five minutes, or an hour, of one service from `at` on: means weighted by time, and the highest of the windows.

    `seconds` were seen of them; None is not measured.
    """

    at: float
    seconds: float
    requests_per_second: float | None
    most_requests_per_second: float | None
    in_flight: float | None
    most_in_flight: float | None
    latency: float | None
    most_latency: float | None
    serving: float | None
    errors: float | None
    """Failed requests a second."""


def period_of(at: float) -> int:
    """The period that a moment is in."""
    return int(at // PERIOD_SECONDS) * PERIOD_SECONDS


def record(database: Database, connection: sa.Connection, seen: Mapping[Key, Measurement]) -> None:
    """Add a window of each service. A window with the same end is replaced."""
    by_row = {(period_of(measured.at), *key): measured for key, measured in seen.items()}
    if not by_row:
        return
    existing = _windows(connection, {row[0] for row in by_row}, {row[1] for row in by_row})
    merged = {row: _with(existing.get(row, []), measured, row[0]) for row, measured in by_row.items()}
    sample_rows = [
        {**_key(row), "windows": json.dumps(windows, separators=(",", ":"))} for row, windows in merged.items()
    ]
    _put(database, connection, samples, sample_rows)
    _put(database, connection, measurements, [{**_key(row), **_summed(windows)} for row, windows in merged.items()])


def remove_expired(connection: sa.Connection, now: float, written: int) -> None:
    """Delete some expired rows, the oldest first."""
    most = max(MIN_ROWS_REMOVED, 2 * written)
    for table, kept_seconds in ((samples, SAMPLES_KEPT), (measurements, MEASUREMENTS_KEPT), (hours, HOURS_KEPT)):
        key = (table.c.period, table.c.stack, table.c.service)
        expired = sa.select(*key).where(table.c.period < period_of(now - kept_seconds)).order_by(*key).limit(most)
        connection.execute(sa.delete(table).where(sa.tuple_(*key).in_(expired)))


class Measurements:
    """The measured windows of every service, and their means."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def samples(self, stack: str, service: str, since: float, until: float) -> tuple[Measurement, ...]:
        """All measured windows that ended in this span, in order. They are kept for two days."""
        with self._database.read() as connection:
            rows = connection.execute(_span(samples, (stack, service), since, until)).mappings().all()
        windows = (_measured(window, row["period"]) for row in rows for window in _parsed(row["windows"]))
        return tuple(sample for sample in windows if since <= sample.at <= until)

    def latest(self, moment: float, seconds: float) -> dict[Key, Measurement]:
        """The last window of every service that something was measured in, and that ended so lately."""
        periods = range(period_of(moment - seconds), period_of(moment) + 1, PERIOD_SECONDS)
        query = sa.select(samples).where(samples.c.period.in_(periods)).order_by(samples.c.period)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        windows = ((row.stack, row.service, row.period, window) for row in rows for window in _parsed(row.windows))
        measured = ((stack, service, _measured(window, period)) for stack, service, period, window in windows)
        return {(stack, service): sample for stack, service, sample in measured if sample.status != "absent"}

    def recent(self, since: float) -> dict[Key, tuple[Measurement, ...]]:
        """The measured windows of all services that ended since a moment, in order. One question for all of them."""
        query = sa.select(samples).where(samples.c.period >= period_of(since)).order_by(samples.c.period)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        windows: dict[Key, list[Measurement]] = {}
        for row in rows:
            own = windows.setdefault((row["stack"], row["service"]), [])
            own += (_measured(window, row["period"]) for window in _parsed(row["windows"]))
        return {key: tuple(window for window in own if window.at >= since) for key, own in windows.items()}

    def means(self, stack: str, service: str, since: float, until: float) -> tuple[AggregatedMeasurement, ...]:
        """All five-minute measurements of this span, in order. They are kept for five weeks."""
        with self._database.read() as connection:
            rows = connection.execute(_span(measurements, (stack, service), since, until)).all()
        return tuple(map(_measurement, rows))

    def hourly_means(self, stack: str, service: str, since: float, until: float) -> tuple[AggregatedMeasurement, ...]:
        """The same by the hour. They are kept for a year; the hour under way has what ended in it."""
        with self._database.read() as connection:
            query = _of_periods(hours, (stack, service), range(hour_of(since), hour_of(until) + 1, HOUR_SECONDS))
            rows = connection.execute(query).all()
        return tuple(map(_measurement, rows))


def _windows(connection: sa.Connection, periods: Iterable[int], stacks: set[str]) -> dict[tuple[int, str, str], Any]:
    query = sa.select(samples).where(samples.c.period.in_(sorted(periods)))
    if len(stacks) <= FEW_STACKS:
        query = query.where(samples.c.stack.in_(sorted(stacks)))
    rows = connection.execute(query).all()
    return {(row.period, row.stack, row.service): _parsed(row.windows) for row in rows}


def _parsed(text: str) -> list[list[Any]]:
    """The windows of a row; none of a broken row, so that the next check writes it again."""
    try:
        windows = json.loads(text)
    except (TypeError, ValueError):
        return []
    if not (isinstance(windows, list) and all(map(_is_window, windows))):
        return []
    return [[*window, None] if len(window) == _SHORTEST else window for window in windows]


def _is_window(value: object) -> bool:
    """Whether it has an end, a length, numbers that may be missing, and a status among them."""
    if not (isinstance(value, list) and len(value) in (_SHORTEST, 1 + len(_COLUMNS))):
        return False
    at, seconds, *measured = (number for column, number in enumerate(value) if column != _STATUS)
    return None not in (at, seconds) and all(_number(number) == number for number in (at, seconds, *measured))


def _number(value: object) -> float | None:
    """The value if it is a number, else None: not measured."""
    return value if isinstance(value, int | float) else None


FEW_STACKS = 50
"""Up to so many stacks are selected by name; beyond that the whole period is read."""


def _with(windows: list[list[Any]], measured: Measurement, period: int) -> list[list[Any]]:
    at = round(measured.at - period, 3)
    new = [at, *(_short(getattr(measured, name)) for name in _COLUMNS)]
    return [*(window for window in windows if window[0] != at), new]


def _short(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value


def _measured(window: Sequence[Any], period: int) -> Measurement:
    return Measurement(period + window[0], **dict(zip(_COLUMNS, window[1:], strict=True)))


def _summed(windows: Sequence[Sequence[Any]]) -> dict[str, float | None]:
    """The means and maxima of these windows; one without length counts as a second."""
    weights = [max(float(window[1]), 1.0) for window in windows]
    summary: dict[str, float | None] = {"seconds": sum(float(window[1]) for window in windows)}
    for name in ("requests_per_second", "in_flight", "latency", "serving", "errors"):
        column = 1 + _COLUMNS.index(name)
        values = [
            (float(window[column]), weight)
            for window, weight in zip(windows, weights, strict=True)
            if window[column] is not None
        ]
        total = sum(weight for _, weight in values)
        summary[name] = sum(value * weight for value, weight in values) / total if values else None
        if name not in ("serving", "errors"):
            summary[f"most_{name}"] = max((value for value, _ in values), default=None)
    return summary


def _put(database: Database, connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    new = database.insert(table)
    columns = {name: new.excluded[name] for name in rows[0] if name not in ("period", "stack", "service")}
    connection.execute(new.on_conflict_do_update(index_elements=["period", "stack", "service"], set_=columns), rows)


def _key(row: tuple[int, str, str]) -> dict[str, Any]:
    return dict(zip(("period", "stack", "service"), row, strict=True))


def _span(table: sa.Table, key: Key, since: float, until: float) -> "sa.Select[Any]":
    """One service's rows in a span of time. Periods are named one by one, so that the index finds each at once."""
    first = period_of(max(since, until - MEASUREMENTS_KEPT))
    return _of_periods(table, key, range(first, period_of(until) + 1, PERIOD_SECONDS))


def _of_periods(table: sa.Table, key: Key, periods: range) -> "sa.Select[Any]":
    match = (table.c.stack == key[0]) & (table.c.service == key[1])
    return sa.select(table).where(table.c.period.in_(periods) & match).order_by(table.c.period)


def _measurement(row: "sa.Row[Any]") -> AggregatedMeasurement:
    """The columns of a row, which both tables have in this order: the key, and the fields of the measurement."""
    period, _, _, *values = row
    seconds, *means = (_number(value) for value in values)
    return AggregatedMeasurement(float(period), seconds or 0.0, *means)
