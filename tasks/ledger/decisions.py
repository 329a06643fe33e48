"""Autoscaling decisions: the count decided for a service, why, and for how long the decision stayed the same.

A repeated decision extends the row of the previous one. Reason and inputs are then those of the last check; the numbers
of the checks between are in the samples.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from infra_specs.errors import LedgerError
from infra_specs.scaling.decision import Decision
from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.measurements import Key
from tasks.ledger.tables import decisions

log = logging.getLogger(__name__)
SHORTEST_ROW = 300.0
"""Seconds: reasons that alternate faster than this share a row, so that a service has at most 288 quiet rows a day."""
_MISSED = 4
"""Intervals without a check after which a new row begins."""


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """A decision that was valid from `since` to `until` (seconds since the epoch), confirmed by `checks` checks.

    `flow_run_id`: the scale run that it started. `decision`: as the last check made it.
    """

    id: str
    stack: str
    decision: Decision
    since: float
    until: float
    checks: int
    flow_run_id: str | None


def record(
    connection: sa.Connection, new_decisions: Mapping[Key, Decision], before: Mapping[Key, int | None]
) -> dict[Key, int]:
    """Record decisions. `before`: id of each service's last decision. Returns the ids of the rows."""
    last = _rows(connection, [id for key in new_decisions if (id := before.get(key)) is not None])
    ids, longer, new = {}, [], []
    for key, decision in new_decisions.items():
        row = last.get(before.get(key))
        if row is not None and _says_the_same(row, decision):
            ids[key] = row.id
            longer.append({"_id": row.id, "_checks": row.checks + 1, **_columns(decision)})
        else:
            new.append((key, decision))
    if longer:
        changed = sa.update(decisions).where(decisions.c.id == sa.bindparam("_id"))
        values: dict[str, Any] = {name: sa.bindparam(name) for name in ("until", "reason", "shape", "data")}
        connection.execute(changed.values(checks=sa.bindparam("_checks"), **values), longer)
    return ids | _added(connection, new)


class Decisions:
    """What the autoscaler decided, and why."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def recent(self, stack: str, service: str | None, limit: int) -> tuple[KeptDecision, ...]:
        """The last decisions of a service or of the whole stack, the newest first."""
        match = decisions.c.stack == stack
        if service is not None:
            match &= decisions.c.service == service
        with self._database.read() as connection:
            query = sa.select(decisions).where(match).order_by(decisions.c.id.desc()).limit(limit)
            rows = connection.execute(query).mappings().all()
        return tuple(kept for row in rows if (kept := _kept(row)) is not None)

    def acted(self, lease: Lease, decision: str, flow_run_id: str) -> None:
        """Record the scale run that the decision started. Raises LedgerError for an unknown decision."""
        change = sa.update(decisions).where(decisions.c.id == int(decision)).values(flow_run_id=flow_run_id)
        with self._database.write() as connection:
            guard(connection, lease)
            if not connection.execute(change).rowcount:
                raise LedgerError(f"The ledger knows no decision {decision}.")


def _says_the_same(row: Any, decision: Decision) -> bool:
    """Whether the decision extends the row. A repeated decision whose row started a run gets a new row."""
    same = (row.before, row.replicas, row.mode) == (decision.before, decision.replicas, decision.inputs.mode)
    follows = 0 <= decision.at - row.until <= _MISSED * decision.inputs.interval
    brief = decision.at - row.since < SHORTEST_ROW
    return same and follows and row.flow_run_id is None and (brief or row.shape == _shape(decision))


def _shape(decision: Decision) -> str:
    """The kind of reason without its numbers: measurement status and the names of the steps."""
    return " ".join((decision.inputs.measured.status, *(step.name for step in decision.steps)))


def _columns(decision: Decision) -> dict[str, Any]:
    data = json.dumps(decision.as_data(), separators=(",", ":"))
    return {"until": decision.at, "reason": decision.reason, "shape": _shape(decision), "data": data}


def _rows(connection: sa.Connection, ids: list[int]) -> dict[int | None, Any]:
    columns = (getattr(decisions.c, name) for name in _COMPARED)
    rows = connection.execute(sa.select(*columns).where(decisions.c.id.in_(ids))) if ids else ()
    return {row.id: row for row in rows}


_COMPARED = ("id", "since", "until", "checks", "before", "replicas", "mode", "shape", "flow_run_id")


def _added(connection: sa.Connection, new: list[tuple[Key, Decision]]) -> dict[Key, int]:
    if not new:
        return {}
    rows = [
        {
            "stack": key[0], "service": key[1], "since": decision.at, "checks": 1, "before": decision.before,
            "replicas": decision.replicas, "mode": decision.inputs.mode, **_columns(decision),
        }
        for key, decision in new
    ]  # fmt: skip
    query = sa.insert(decisions).returning(decisions.c.id, sort_by_parameter_order=True)
    ids = connection.execute(query, rows).scalars().all()
    return {key: id for (key, _), id in zip(new, ids, strict=True)}


def _kept(row: sa.RowMapping) -> KeptDecision | None:
    """None for an unreadable row: only that decision is lost."""
    try:
        decision = Decision.from_data(json.loads(row["data"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.warning("%s: decision %s in the ledger cannot be read: %s", row["stack"], row["id"], error)
        return None
    fields = {name: row[name] for name in ("since", "until", "checks", "flow_run_id")}
    return KeptDecision(str(row["id"]), row["stack"], decision, **fields)
