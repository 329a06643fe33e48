"""Decisions: what was decided of a service, why, and for how long it stayed so.

A decision that says again what the one before it said is not written again: that one lasts longer. Its sentence and
its inputs are then those of the last check; the numbers of the checks between are among the samples.
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
from tasks.ledger.measurements import Key
from tasks.ledger.tables import decisions

log = logging.getLogger(__name__)
shortest_row = 300.0
"""Seconds: reasons that alternate faster than this share a row, so that a service has at most 288 quiet rows a day."""
_missed = 4
"""Intervals without a check after which a new row begins."""


@dataclass(frozen=True, slots=True)
class KeptDecision:
    """A decision that held from `since` to `until` (seconds since the epoch), found anew by so many checks.

    `flow_run_id` is the scale run that it started. `decision` is as the last of the checks made it.
    """

    id: str
    stack: str
    decision: Decision
    since: float
    until: float
    checks: int
    flow_run_id: str | None


def record(connection: sa.Connection, made: Mapping[Key, Decision], before: Mapping[Key, int | None]) -> dict[Key, int]:
    """Keep these; `before` has the id of each service's last one. Returns the ids that they are kept under."""
    last = _rows(connection, [id for key in made if (id := before.get(key)) is not None])
    ids, longer, new = {}, [], []
    for key, decision in made.items():
        row = last.get(before.get(key))
        if row is not None and _says_the_same(row, decision):
            ids[key] = row.id
            longer.append({"_id": row.id, "_checks": row.checks + 1, **_told(decision)})
        else:
            new.append((key, decision))
    if longer:
        changed = sa.update(decisions).where(decisions.c.id == sa.bindparam("_id"))
        values: dict[str, Any] = {name: sa.bindparam(name) for name in ("until", "reason", "shape", "data")}
        connection.execute(changed.values(checks=sa.bindparam("_checks"), **values), longer)
    return ids | _added(connection, new)


def read(database: Database, stack: str, service: str | None, limit: int) -> tuple[KeptDecision, ...]:
    of_it = decisions.c.stack == stack
    if service is not None:
        of_it &= decisions.c.service == service
    with database.read() as connection:
        query = sa.select(decisions).where(of_it).order_by(decisions.c.id.desc()).limit(limit)
        rows = connection.execute(query).mappings().all()
    return tuple(kept for row in rows if (kept := _kept(row)) is not None)


def acted(connection: sa.Connection, id: str, flow_run_id: str) -> None:
    that = sa.update(decisions).where(decisions.c.id == int(id))
    if not connection.execute(that.values(flow_run_id=flow_run_id)).rowcount:
        raise LedgerError(f"The ledger knows no decision {id}.")


def _says_the_same(row: Any, decision: Decision) -> bool:
    """An attempt that started a run and comes again is a new one; in `advise` mode nothing is ever started."""
    same = (row.before, row.replicas, row.mode) == (decision.before, decision.replicas, decision.inputs.mode)
    follows = 0 <= decision.at - row.until <= _missed * decision.inputs.interval
    brief = decision.at - row.since < shortest_row
    return same and follows and row.flow_run_id is None and (brief or row.shape == _shape(decision))


def _shape(decision: Decision) -> str:
    """What kind of reason it is, its numbers aside: how the service was seen, and the steps that had a say."""
    return " ".join((decision.inputs.measured.status, *(step.name for step in decision.steps)))


def _told(decision: Decision) -> dict[str, Any]:
    data = json.dumps(decision.as_data(), separators=(",", ":"))
    return {"until": decision.at, "reason": decision.reason, "shape": _shape(decision), "data": data}


def _rows(connection: sa.Connection, ids: list[int]) -> dict[int | None, Any]:
    columns = (getattr(decisions.c, name) for name in _compared)
    found = connection.execute(sa.select(*columns).where(decisions.c.id.in_(ids))) if ids else ()
    return {row.id: row for row in found}


_compared = ("id", "since", "until", "checks", "before", "replicas", "mode", "shape", "flow_run_id")


def _added(connection: sa.Connection, new: list[tuple[Key, Decision]]) -> dict[Key, int]:
    if not new:
        return {}
    rows = [
        {
            "stack": key[0], "service": key[1], "since": decision.at, "checks": 1, "before": decision.before,
            "replicas": decision.replicas, "mode": decision.inputs.mode, **_told(decision),
        }
        for key, decision in new
    ]  # fmt: skip
    query = sa.insert(decisions).returning(decisions.c.id, sort_by_parameter_order=True)
    found = connection.execute(query, rows).scalars().all()
    return {key: id for (key, _), id in zip(new, found, strict=True)}


def _kept(row: sa.RowMapping) -> KeptDecision | None:
    """None for a row that nobody can read: that decision is lost, and the others are not."""
    try:
        decision = Decision.from_data(json.loads(row["data"]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        log.warning("%s: decision %s in the ledger cannot be read: %s", row["stack"], row["id"], error)
        return None
    told = {name: row[name] for name in ("since", "until", "checks", "flow_run_id")}
    return KeptDecision(str(row["id"]), row["stack"], decision, **told)
