"""Writing down runs and changes, under a lock."""

from collections.abc import Mapping
from typing import Any, Literal

import sqlalchemy as sa

from infra_specs.errors import LedgerError
from tasks.ledger.database import Database
from tasks.ledger.lock import Hold, guard
from tasks.ledger.tables import changes, runs

End = Literal["done", "failed"]


def begin(database: Database, hold: Hold, verb: str, reason: str, plan: Any) -> str:
    values = {
        "stack": hold.stack, "verb": verb, "reason": reason, "plan": plan, "who": str(hold.owner), "fence": hold.fence,
        "flow_run_id": hold.owner.flow_run_id, "state": "running", "message": "",
    }  # fmt: skip
    with database.write() as connection:
        guard(connection, hold)
        return _added(connection, sa.insert(runs).values(**values, began=database.now(connection)))


def intend(database: Database, hold: Hold, run: str, change: Mapping[str, str]) -> str:
    told = {name: change[name] for name in ("action", "address", "reason", "text")}
    with database.write() as connection:
        guard(connection, hold)
        if connection.scalar(sa.select(runs.c.id).where(_open(hold, run))) is None:
            raise LedgerError(f"Run {run} of {hold.stack} is not open. Begin one under this lock.")
        values = {**told, "run": int(run), "state": "intended", "message": "", "began": database.now(connection)}
        return _added(connection, sa.insert(changes).values(**values))


def outcome(database: Database, hold: Hold, change: str, state: End, message: str, *, seconds: float) -> None:
    values = {"state": state, "message": message, "seconds": seconds}
    mine = changes.c.run.in_(sa.select(runs.c.id).where((runs.c.stack == hold.stack) & (runs.c.fence == hold.fence)))
    with database.write() as connection:
        guard(connection, hold)
        told = connection.execute(sa.update(changes).where((changes.c.id == int(change)) & mine).values(**values))
        if not told.rowcount:
            raise LedgerError(f"Change {change} is none of {hold.stack} under this lock.")


def finish(database: Database, hold: Hold, run: str, state: End, message: str) -> None:
    with database.write() as connection:
        guard(connection, hold)
        ended = {"state": state, "message": message, "ended": database.now(connection)}
        if not connection.execute(sa.update(runs).where(_open(hold, run)).values(**ended)).rowcount:
            raise LedgerError(f"Run {run} of {hold.stack} is not open. Begin one under this lock.")


def _open(hold: Hold, run: str) -> "sa.ColumnElement[bool]":
    under = (runs.c.stack == hold.stack) & (runs.c.fence == hold.fence)
    return (runs.c.id == int(run)) & (runs.c.state == "running") & under


def _added(connection: sa.Connection, new: sa.Insert) -> str:
    key = connection.execute(new).inserted_primary_key
    assert key is not None
    return str(key[0])
