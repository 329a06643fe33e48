"""What was measured: every window for two days, and means and maxima of five minutes for five weeks.

A period is the beginning of five minutes, in seconds since the epoch. The windows that ended in it lie together in one
row a service, which is read, added to and written again by each check; the means are always those of what is there.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from infra_specs.scaling.measurement import Measured
from tasks.ledger.database import Database
from tasks.ledger.tables import measurements, samples

Key = tuple[str, str]
"""Stack and service."""

period_seconds = 300
samples_kept = 2 * 86_400.0
measurements_kept = 35 * 86_400.0
trimmed_at_least = 200
"""Rows that one check removes at most, and twice as many as it writes: old ones never pile up, and no check is slow."""

_columns = ("seconds", "requests_per_second", "in_flight", "latency", "serving", "cpu", "queue", "status")
_digits = 4


@dataclass(frozen=True, slots=True)
class Measurement:
    """Five minutes of one service from `at` on: means weighted by time, and the highest of the windows.

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


def period_of(at: float) -> int:
    """The period that a moment is in."""
    return int(at // period_seconds) * period_seconds


def record(database: Database, connection: sa.Connection, seen: Mapping[Key, Measured]) -> None:
    """Add a window of each service; the same window again replaces what was said of it."""
    by_row = {(period_of(measured.at), *key): measured for key, measured in seen.items()}
    if not by_row:
        return
    there = _windows(connection, {row[0] for row in by_row}, {row[1] for row in by_row})
    kept = {row: _with(there.get(row, []), measured, row[0]) for row, measured in by_row.items()}
    texts = [{**_key(row), "windows": json.dumps(windows, separators=(",", ":"))} for row, windows in kept.items()]
    _put(database, connection, samples, texts)
    _put(database, connection, measurements, [{**_key(row), **_summed(windows)} for row, windows in kept.items()])


def trim(connection: sa.Connection, now: float, written: int) -> None:
    """Remove some of what is too old, the oldest first."""
    most = max(trimmed_at_least, 2 * written)
    for table, kept in ((samples, samples_kept), (measurements, measurements_kept)):
        key = (table.c.period, table.c.stack, table.c.service)
        doomed = sa.select(*key).where(table.c.period < period_of(now - kept)).order_by(*key).limit(most)
        connection.execute(sa.delete(table).where(sa.tuple_(*key).in_(doomed)))


def read_samples(database: Database, key: Key, since: float, until: float) -> tuple[Measured, ...]:
    with database.read() as connection:
        rows = connection.execute(_span(samples, key, since, until)).mappings().all()
    found = (_measured(window, row["period"]) for row in rows for window in _parsed(row["windows"]))
    return tuple(one for one in found if since <= one.at <= until)


def read_measurements(database: Database, key: Key, since: float, until: float) -> tuple[Measurement, ...]:
    with database.read() as connection:
        rows = connection.execute(_span(measurements, key, since, until)).mappings().all()
    return tuple(_measurement(row) for row in rows)


def _windows(connection: sa.Connection, periods: Iterable[int], stacks: set[str]) -> dict[tuple[int, str, str], Any]:
    query = sa.select(samples).where(samples.c.period.in_(sorted(periods)))
    if len(stacks) <= few:
        query = query.where(samples.c.stack.in_(sorted(stacks)))
    rows = connection.execute(query).all()
    return {(row.period, row.stack, row.service): _parsed(row.windows) for row in rows}


def _parsed(text: str) -> list[list[Any]]:
    """The windows of a row; of a broken row none, so that the next check writes it anew."""
    try:
        windows = json.loads(text)
    except (TypeError, ValueError):
        return []
    return windows if isinstance(windows, list) and all(map(_is_window, windows)) else []


def _is_window(value: object) -> bool:
    """When it was and how long, then numbers that may be lacking, and its status."""
    if not (isinstance(value, list) and len(value) == 1 + len(_columns)):
        return False
    at, seconds, *measured, _ = value
    return None not in (at, seconds) and all(_number(number) == number for number in (at, seconds, *measured))


def _number(value: object) -> float | None:
    """What is no number was not measured."""
    return value if isinstance(value, int | float) else None


few = 50
"""Stacks that are looked up one by one; of more of them the whole period is read."""


def _with(windows: list[list[Any]], measured: Measured, period: int) -> list[list[Any]]:
    at = round(measured.at - period, 3)
    new = [at, *(_short(getattr(measured, name)) for name in _columns)]
    return [*(window for window in windows if window[0] != at), new]


def _short(value: Any) -> Any:
    return float(f"{value:.{_digits}g}") if isinstance(value, float) else value


def _measured(window: Sequence[Any], period: int) -> Measured:
    return Measured(period + window[0], **dict(zip(_columns, window[1:], strict=True)))


def _summed(windows: Sequence[Sequence[Any]]) -> dict[str, float | None]:
    """The means and maxima of these windows; one without length counts as a second."""
    weights = [max(float(window[1]), 1.0) for window in windows]
    found: dict[str, float | None] = {"seconds": sum(float(window[1]) for window in windows)}
    for name in ("requests_per_second", "in_flight", "latency", "serving"):
        column = 1 + _columns.index(name)
        values = [
            (float(window[column]), weight)
            for window, weight in zip(windows, weights, strict=True)
            if window[column] is not None
        ]
        total = sum(weight for _, weight in values)
        found[name] = sum(value * weight for value, weight in values) / total if values else None
        if name != "serving":
            found[f"most_{name}"] = max((value for value, _ in values), default=None)
    return found


def _put(database: Database, connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    new = database.insert(table)
    columns = {name: new.excluded[name] for name in rows[0] if name not in ("period", "stack", "service")}
    connection.execute(new.on_conflict_do_update(index_elements=["period", "stack", "service"], set_=columns), rows)


def _key(row: tuple[int, str, str]) -> dict[str, Any]:
    return dict(zip(("period", "stack", "service"), row, strict=True))


def _span(table: sa.Table, key: Key, since: float, until: float) -> "sa.Select[Any]":
    """One service's rows in a span of time. Periods are named one by one, so that the index finds each at once."""
    periods = range(period_of(max(since, until - measurements_kept)), period_of(until) + 1, period_seconds)
    of_it = (table.c.stack == key[0]) & (table.c.service == key[1])
    return sa.select(table).where(table.c.period.in_(periods) & of_it).order_by(table.c.period)


def _measurement(row: sa.RowMapping) -> Measurement:
    told = {name: _number(value) for name, value in row.items() if name not in ("period", "stack", "service")}
    return Measurement(float(row["period"]), seconds=told.pop("seconds") or 0.0, **told)
