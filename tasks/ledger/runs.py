"""Runs and their changes: intent before, outcome after."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from infra_specs.errors import LedgerError
from tasks.ledger.database import Database
from tasks.ledger.json_column import BrokenJson
from tasks.ledger.tables import changes, runs

_MAX_DIGITS = 18
"""Of a number that fits both databases."""
CRASHED_MESSAGE = "Its process ended, or lost the lock, before the run did. The next run goes on from what is there."


@dataclass(frozen=True, slots=True)
class RunChange:
    """One change of a run. `intended`: its outcome is not recorded yet."""

    id: str
    action: str
    address: str
    reason: str
    text: str
    state: Literal["intended", "done", "failed"]
    message: str
    seconds: float | None
    began: float


@dataclass(frozen=True, slots=True)
class Run:
    """One run on a stack: who, why, what was planned, and how it ended. Times are seconds since the epoch."""

    id: str
    stack: str
    verb: str
    reason: str
    who: str
    flow_run_id: str | None
    plan: Any
    state: Literal["running", "done", "failed", "crashed"]
    message: str
    began: float
    ended: float | None
    changes: tuple[RunChange, ...]


def history(database: Database, stack: str, limit: int) -> tuple[Run, ...]:
    return _read(database, sa.select(runs).where(runs.c.stack == stack).order_by(runs.c.id.desc()).limit(limit))


def run(database: Database, id: str) -> Run:
    is_number = id.isascii() and id.isdigit() and len(id) <= _MAX_DIGITS
    rows = _read(database, sa.select(runs).where(runs.c.id == int(id))) if is_number else ()
    if not rows:
        raise LedgerError(f"The ledger knows no run {id}. `tenfold history` lists them.")
    return rows[0]


def mark_crashed(connection: sa.Connection, stack: str, now: float) -> None:
    """End every open run of the stack. Called right after its lock was taken, so their processes are dead."""

    still = (runs.c.stack == stack) & (runs.c.state == "running")
    connection.execute(sa.update(runs).where(still).values(state="crashed", message=CRASHED_MESSAGE, ended=now))


def _read(database: Database, query: "sa.Select[Any]") -> tuple[Run, ...]:
    with database.read() as connection:
        rows = connection.execute(query).mappings().all()
        mine = sa.select(changes).where(changes.c.run.in_([row["id"] for row in rows])).order_by(changes.c.id)
        change_rows = connection.execute(mine).mappings().all() if rows else ()
    return tuple(_run(row, (change for change in change_rows if change["run"] == row["id"])) for row in rows)


def _run(row: sa.RowMapping, change_rows: Iterable[sa.RowMapping]) -> Run:
    fields = {name: value for name, value in row.items() if name not in ("id", "fence")}
    if isinstance(fields["plan"], BrokenJson):
        fields["plan"] = {
            "summary": "",
            "waves": [],
            "kept": [],
        }  # a plan is only shown; what was done is in the changes
    return Run(str(row["id"]), **fields, changes=tuple(map(_change, change_rows)))


def _change(row: sa.RowMapping) -> RunChange:
    fields = {name: value for name, value in row.items() if name not in ("id", "run")}
    return RunChange(str(row["id"]), **fields)
