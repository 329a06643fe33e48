"""One check of all stacks: what it remembers, and all that it writes, in one transaction each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from infra_specs.scaling.autoscaler_state import Memory
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.measurement import Measured
from tasks.ledger import decisions, measurements
from tasks.ledger.database import Database
from tasks.ledger.lock import Hold, guard
from tasks.ledger.measurements import Key
from tasks.ledger.retention import trim
from tasks.ledger.tables import checks, remembered

lock_name = "(checks)"
"""The lock that keeps it to one check at a time. No stack can have this name."""
_only = "autoscale"


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found of one service. `readings` are the sources' own, to make the next difference from."""

    stack: str
    service: str
    measured: Measured
    readings: Mapping[str, Any] = field(default_factory=dict)
    decision: Decision | None = None
    memory: Memory = field(default_factory=Memory)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the last check left for the next one, `at` seconds since the epoch."""

    at: float
    memory: Memory
    readings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """A check that came to its end: when it began (seconds since the epoch), how long it took, what it looked at."""

    at: float
    seconds: float
    services: int
    message: str


def recall(database: Database, stack: str | None) -> dict[Key, Remembered]:
    query = sa.select(remembered)
    if stack is not None:
        query = query.where(remembered.c.stack == stack)
    with database.read() as connection:
        rows = connection.execute(query).all()
    return {(row.stack, row.service): Remembered(row.at, _memory(row.memory), _readings(row.readings)) for row in rows}


def record(database: Database, hold: Hold, check: Check, found: Sequence[Checked]) -> dict[Key, str]:
    by_key = {(one.stack, one.service): one for one in found}
    made = {key: one.decision for key, one in by_key.items() if one.decision is not None}
    with database.write() as connection:
        guard(connection, hold)
        measurements.record(database, connection, {key: one.measured for key, one in by_key.items()})
        before = _last_decisions(connection)
        ids = decisions.record(connection, made, before)
        _remember(database, connection, check.at, by_key, before | ids)
        measurements.trim(connection, check.at, len(by_key))
        if _new_period(connection, check.at) or any(before.get(key) != id for key, id in ids.items()):
            trim(connection, check.at)
        values = {"at": check.at, "seconds": check.seconds, "services": check.services, "message": check.message}
        new = database.insert(checks).values(name=_only, **values)
        connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=values))
    return {key: str(id) for key, id in ids.items()}


def last(database: Database) -> Check | None:
    columns = (checks.c.at, checks.c.seconds, checks.c.services, checks.c.message)
    with database.read() as connection:
        row = connection.execute(sa.select(*columns).where(checks.c.name == _only)).one_or_none()
    return Check(*row) if row else None


def acted(database: Database, hold: Hold, decision: str, flow_run_id: str) -> None:
    with database.write() as connection:
        guard(connection, hold)
        decisions.acted(connection, decision, flow_run_id)


def _new_period(connection: sa.Connection, at: float) -> bool:
    """Whether no check came to its end in these five minutes yet."""
    last_one = connection.scalar(sa.select(checks.c.at).where(checks.c.name == _only))
    return last_one is None or measurements.period_of(last_one) != measurements.period_of(at)


def _last_decisions(connection: sa.Connection) -> dict[Key, int | None]:
    query = sa.select(remembered.c.stack, remembered.c.service, remembered.c.decision)
    return {(row.stack, row.service): row.decision for row in connection.execute(query)}


def _remember(
    database: Database,
    connection: sa.Connection,
    at: float,
    found: Mapping[Key, Checked],
    last_ones: Mapping[Key, int | None],
) -> None:
    rows = [
        {
            "stack": key[0], "service": key[1], "at": at, "memory": _text(one.memory.as_data()),
            "readings": _text(one.readings), "decision": last_ones.get(key),
        }
        for key, one in found.items()
    ]  # fmt: skip
    if rows:
        new = database.insert(remembered)
        changed = {name: new.excluded[name] for name in ("at", "memory", "readings", "decision")}
        connection.execute(new.on_conflict_do_update(index_elements=["stack", "service"], set_=changed), rows)


def _memory(text: str) -> Memory:
    """A broken one is a new one: a check never needs it."""
    try:
        return Memory.from_data(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError):
        return Memory()


def _readings(text: str) -> Mapping[str, Any]:
    """Broken ones are none: the next difference is made from the reading after them."""
    try:
        found = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"))
