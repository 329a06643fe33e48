"""One autoscale check of all stacks: reading the saved state, and writing the results, in one transaction each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.measurement import Measurement
from tasks.ledger import decisions, measurements
from tasks.ledger.database import Database
from tasks.ledger.hours import sum_up
from tasks.ledger.locks import Holder, Lease, guard, holder_of, take
from tasks.ledger.measurements import Key
from tasks.ledger.owner import Owner
from tasks.ledger.retention import remove_expired
from tasks.ledger.tables import checks, remembered

_ALL_STACKS = "(checks)"
"""What the lock of the checks is on. No stack can have this name."""
_CHECK_NAME = "autoscale"
_ALERTS_NAME = "alerts"
"""Of what is decided after a check, which may fail although the check did not."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check for one service. `readings`: the sources' counters, for the next check."""

    stack: str
    service: str
    measured: Measurement
    readings: Mapping[str, Any] = field(default_factory=dict)
    decision: Decision | None = None
    memory: AutoscalerState = field(default_factory=AutoscalerState)


@dataclass(frozen=True, slots=True)
class SavedState:
    """The state that a check saved for the next one, `at` seconds since the epoch."""

    at: float
    memory: AutoscalerState
    readings: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """A finished check: when it began (seconds since the epoch), its duration, and how many services it checked."""

    at: float
    seconds: float
    services: int
    message: str


class Checks:
    """The autoscale checks of all stacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, owner: Owner, lease_seconds: float) -> Lease:
        """Take the lock that allows one check at a time, as `locks.acquire` takes that of a stack."""
        return take(self._database, Lease(_ALL_STACKS, 0, owner, "checks"), lease_seconds)

    def holder(self) -> Holder | None:
        """Who checks now, even if it is dead or its lease ran out; None if nobody does."""
        return holder_of(self._database, "checks", _ALL_STACKS)

    def recall(self, stack: str | None = None) -> dict[Key, SavedState]:
        """The state that the last check saved, of one stack or of all, by stack and service."""
        query = sa.select(remembered)
        if stack is not None:
            query = query.where(remembered.c.stack == stack)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return {
            (row.stack, row.service): SavedState(row.at, _memory(row.memory), _readings(row.readings)) for row in rows
        }

    def record(self, lease: Lease, check: Check, results: Sequence[CheckResult]) -> dict[Key, str]:
        """Keep all that a check measured and decided, and trim some of what is too old. Returns the decisions' ids.

        `lease` is that of `acquire`.
        """
        by_key = {(result.stack, result.service): result for result in results}
        new_decisions = {key: result.decision for key, result in by_key.items() if result.decision is not None}
        with self._database.write() as connection:
            guard(connection, lease)
            measurements.record(self._database, connection, {key: result.measured for key, result in by_key.items()})
            before = _last_decisions(connection)
            ids = decisions.record(connection, new_decisions, before)
            _remember(self._database, connection, check.at, by_key, before | ids)
            measurements.remove_expired(connection, check.at, len(by_key))
            last_at = connection.scalar(sa.select(checks.c.at).where(checks.c.name == _CHECK_NAME))
            is_new = last_at is None or measurements.period_of(last_at) != measurements.period_of(check.at)
            if is_new and last_at is not None:
                sum_up(self._database, connection, last_at)
            if is_new or any(before.get(key) != id for key, id in ids.items()):
                remove_expired(connection, check.at)
            _put(self._database, connection, _CHECK_NAME, check)
        return {key: str(id) for key, id in ids.items()}

    def mark_alerts(self, lease: Lease, moment: float) -> None:
        """Record that the alerts of all stacks were decided at a moment. `lease` is that of `acquire`."""
        with self._database.write() as connection:
            guard(connection, lease)
            _put(self._database, connection, _ALERTS_NAME, Check(moment, 0.0, 0, ""))

    def alerts_decided(self) -> float | None:
        """When the alerts of all stacks were decided last, in seconds since the epoch."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(checks.c.at).where(checks.c.name == _ALERTS_NAME))

    def last(self) -> Check | None:
        """The last finished check."""
        columns = (checks.c.at, checks.c.seconds, checks.c.services, checks.c.message)
        with self._database.read() as connection:
            row = connection.execute(sa.select(*columns).where(checks.c.name == _CHECK_NAME)).one_or_none()
        return Check(*row) if row else None


def _put(database: Database, connection: sa.Connection, name: str, check: Check) -> None:
    values = {"at": check.at, "seconds": check.seconds, "services": check.services, "message": check.message}
    new = database.insert(checks).values(name=name, **values)
    connection.execute(new.on_conflict_do_update(index_elements=["name"], set_=values))


def _last_decisions(connection: sa.Connection) -> dict[Key, int | None]:
    query = sa.select(remembered.c.stack, remembered.c.service, remembered.c.decision)
    return {(row.stack, row.service): row.decision for row in connection.execute(query)}


def _remember(
    database: Database,
    connection: sa.Connection,
    at: float,
    results: Mapping[Key, CheckResult],
    decision_ids: Mapping[Key, int | None],
) -> None:
    rows = [
        {
            "stack": key[0], "service": key[1], "at": at, "memory": _text(result.memory.as_data()),
            "readings": _text(result.readings), "decision": decision_ids.get(key),
        }
        for key, result in results.items()
    ]  # fmt: skip
    if rows:
        new = database.insert(remembered)
        changed = {name: new.excluded[name] for name in ("at", "memory", "readings", "decision")}
        connection.execute(new.on_conflict_do_update(index_elements=["stack", "service"], set_=changed), rows)


def _memory(text: str) -> AutoscalerState:
    """A broken one is a new one: a check never needs it."""
    try:
        return AutoscalerState.from_data(json.loads(text))
    except (AttributeError, KeyError, TypeError, ValueError):
        return AutoscalerState()


def _readings(text: str) -> Mapping[str, Any]:
    """Broken ones are none: the next difference is made from the reading after them."""
    try:
        readings = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return readings if isinstance(readings, dict) else {}


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, separators=(",", ":"))
