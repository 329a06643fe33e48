"""Runs and their changes: intent before, outcome after."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from infra_specs.errors import LedgerError
from tasks.ledger.database import Database
from tasks.ledger.json_column import BrokenJson
from tasks.ledger.tables import changes, runs

_most_digits = 18
"""Of a number that fits both databases."""
crashed = "Its process ended, or lost the lock, before the run did. The next run goes on from what is there."


@dataclass(frozen=True, slots=True)
class RunChange:
    """One change of a run. `intended`: it was about to be made, and nobody knows how it ended."""

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
    is_number = id.isascii() and id.isdigit() and len(id) <= _most_digits
    found = _read(database, sa.select(runs).where(runs.c.id == int(id))) if is_number else ()
    if not found:
        raise LedgerError(f"The ledger knows no run {id}. `tenfold history` lists them.")
    return found[0]


def mark_crashed(connection: sa.Connection, stack: str, now: float) -> None:
    """End every run of the stack that is still open: called by who has just taken its lock, so they are all dead."""
    still = (runs.c.stack == stack) & (runs.c.state == "running")
    connection.execute(sa.update(runs).where(still).values(state="crashed", message=crashed, ended=now))


def _read(database: Database, query: "sa.Select[Any]") -> tuple[Run, ...]:
    with database.read() as connection:
        found = connection.execute(query).mappings().all()
        mine = sa.select(changes).where(changes.c.run.in_([row["id"] for row in found])).order_by(changes.c.id)
        made = connection.execute(mine).mappings().all() if found else ()
    return tuple(_run(row, (change for change in made if change["run"] == row["id"])) for row in found)


def _run(row: sa.RowMapping, made: Iterable[sa.RowMapping]) -> Run:
    told = {name: value for name, value in row.items() if name not in ("id", "fence")}
    if isinstance(told["plan"], BrokenJson):
        told["plan"] = {"summary": "", "waves": [], "kept": []}  # a plan is only shown; what was done is in the changes
    return Run(str(row["id"]), **told, changes=tuple(map(_change, made)))


def _change(row: sa.RowMapping) -> RunChange:
    told = {name: value for name, value in row.items() if name not in ("id", "run")}
    return RunChange(str(row["id"]), **told)
