"""Record runs and changes, under a lock."""

from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa

from infra_specs.errors import LedgerError
from tasks.ledger.database import Database
from tasks.ledger.lock import Lease, guard
from tasks.ledger.tables import changes, runs

End = Literal["done", "failed"]


def begin(database: Database, lease: Lease, verb: str, reason: str, plan: Any) -> str:
    values = {
        "stack": lease.stack, "verb": verb, "reason": reason, "plan": plan, "who": str(lease.owner),
        "fence": lease.fence, "flow_run_id": lease.owner.flow_run_id, "state": "running", "message": "",
    }  # fmt: skip
    with database.write() as connection:
        guard(connection, lease)
        return _added(connection, sa.insert(runs).values(**values, began=database.now(connection)))


def intend(database: Database, lease: Lease, run: str, change: Mapping[str, str]) -> str:
    fields = {name: change[name] for name in ("action", "address", "reason", "text")}
    with database.write() as connection:
        guard(connection, lease)
        if connection.scalar(sa.select(runs.c.id).where(_open(lease, run))) is None:
            raise LedgerError(f"Run {run} of {lease.stack} is not open. Begin one under this lock.")
        values = {**fields, "run": int(run), "state": "intended", "message": "", "began": database.now(connection)}
        return _added(connection, sa.insert(changes).values(**values))


def outcome(database: Database, lease: Lease, change: str, state: End, message: str, *, seconds: float) -> None:
    values = {"state": state, "message": message, "seconds": seconds}
    mine = changes.c.run.in_(sa.select(runs.c.id).where((runs.c.stack == lease.stack) & (runs.c.fence == lease.fence)))
    with database.write() as connection:
        guard(connection, lease)
        fields = connection.execute(sa.update(changes).where((changes.c.id == int(change)) & mine).values(**values))
        if not fields.rowcount:
            raise LedgerError(f"Change {change} is none of {lease.stack} under this lock.")


def finish(database: Database, lease: Lease, run: str, state: End, message: str) -> None:
    with database.write() as connection:
        guard(connection, lease)
        ended = {"state": state, "message": message, "ended": database.now(connection)}
        if not connection.execute(sa.update(runs).where(_open(lease, run)).values(**ended)).rowcount:
            raise LedgerError(f"Run {run} of {lease.stack} is not open. Begin one under this lock.")


def _open(lease: Lease, run: str) -> "sa.ColumnElement[bool]":
    under = (runs.c.stack == lease.stack) & (runs.c.fence == lease.fence)
    return (runs.c.id == int(run)) & (runs.c.state == "running") & under


def _added(connection: sa.Connection, new: sa.Insert) -> str:
    key = connection.execute(new).inserted_primary_key
    assert key is not None
    return str(key[0])
