"""Runs and their changes: intent before, outcome after."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from infra_specs.alerts.facts import Repair
from infra_specs.errors import LedgerError
from tasks.base.known_secrets import known_secrets
from tasks.ledger.database import Database
from tasks.ledger.json_column import BrokenJson
from tasks.ledger.locks import Lease, RunKind, guard, mark_changing
from tasks.ledger.tables import changes, runs

End = Literal["done", "failed"]
Outcome = Literal["done", "failed", "overtaken"]
"""Of a change. `overtaken`: given up, as something failed meanwhile, and planned anew."""
_ATTEMPTS = 256
"""Past changes that are read to see which of them fail again and again."""
_MAX_DIGITS = 18
"""Of a number that fits both databases."""


@dataclass(frozen=True, slots=True)
class RunChange:
    """One change of a run. `intended`: its outcome is not recorded yet."""

    id: str
    action: str
    address: str
    reason: str
    text: str
    state: Literal["intended", "done", "failed", "overtaken"]
    message: str
    seconds: float | None
    began: float


@dataclass(frozen=True, slots=True)
class Run:
    """One run on a stack: who, why, what was planned, and how it ended. Times are seconds since the epoch.

    Of a run on a fleet, `stack` is the fleet's name.
    """

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
    kind: RunKind = "stack"


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a change of one address ended, and when its run did (seconds since the epoch)."""

    address: str
    state: str
    ended: float | None


class Runs:
    """Runs and their changes: the intent before, the outcome after."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, lease: Lease, verb: str, reason: str, plan: Any) -> str:
        """Record the start of a run with its plan as JSON data. Returns the run's id."""
        values = {
            "kind": lease.kind, "stack": lease.stack, "verb": verb, "reason": known_secrets.shown(reason),
            "plan": known_secrets.redacted_data(plan), "who": str(lease.owner),
            "fence": lease.fence, "flow_run_id": lease.owner.flow_run_id, "state": "running", "message": "",
        }  # fmt: skip
        with self._database.write() as connection:
            mark_changing(connection, lease)
            return _added(connection, sa.insert(runs).values(**values, began=self._database.now(connection)))

    def intend(self, lease: Lease, run: str, change: Mapping[str, str]) -> str:
        """Record a change before it is made, with `action`, `address`, `reason` and `text`. Returns the change's id."""
        fields = {name: change[name] for name in ("action", "address")}
        fields |= {name: known_secrets.shown(change[name]) for name in ("reason", "text")}
        with self._database.write() as connection:
            guard(connection, lease)
            if connection.scalar(sa.select(runs.c.id).where(_open(lease, run))) is None:
                raise LedgerError(f"Run {run} of {lease.stack} is not open. Begin one under this lock.")
            values = {
                **fields,
                "run": int(run),
                "state": "intended",
                "message": "",
                "began": self._database.now(connection),
            }
            return _added(connection, sa.insert(changes).values(**values))

    def outcome(self, lease: Lease, change: str, state: Outcome, message: str, seconds: float) -> None:
        """Record the outcome of a change."""
        values = {"state": state, "message": known_secrets.shown(message), "seconds": seconds}
        mine = changes.c.run.in_(sa.select(runs.c.id).where(_under(lease)))
        with self._database.write() as connection:
            guard(connection, lease)
            fields = connection.execute(sa.update(changes).where((changes.c.id == int(change)) & mine).values(**values))
            if not fields.rowcount:
                raise LedgerError(f"Change {change} is none of {lease.stack} under this lock.")

    def finish(self, lease: Lease, run: str, state: End, message: str) -> None:
        """Record the end of a run. A run without an end becomes `crashed` when the lock is taken next."""
        told = known_secrets.shown(message)  # a long one takes seconds, in which nobody else could write
        with self._database.write() as connection:
            guard(connection, lease)
            ended = {"state": state, "message": told, "ended": self._database.now(connection)}
            if not connection.execute(sa.update(runs).where(_open(lease, run)).values(**ended)).rowcount:
                raise LedgerError(f"Run {run} of {lease.stack} is not open. Begin one under this lock.")

    def history(self, stack: str, limit: int, kind: RunKind = "stack") -> tuple[Run, ...]:
        """The last runs of a stack, or of a fleet, with their changes, the newest first."""
        own = (runs.c.kind == kind) & (runs.c.stack == stack)
        return _read(self._database, sa.select(runs).where(own).order_by(runs.c.id.desc()).limit(limit))

    def failing_repairs(self, since: float) -> dict[str, Repair]:
        """Stack -> how many reconciles have failed since the last run of it that went well.

        Only of stacks whose last one failed since a moment: it is tried again while there is something to repair.
        """
        ours = (runs.c.kind == "stack") & (runs.c.verb != "run")
        bad = ours & (runs.c.verb == "reconcile") & runs.c.ended.is_not(None) & (runs.c.state != "done")
        good = sa.select(runs.c.stack, sa.func.max(runs.c.id).label("id")).where(ours & (runs.c.state == "done"))
        last_good = good.group_by(runs.c.stack).subquery()
        lately = sa.select(runs.c.stack).where(bad & (runs.c.ended >= since))
        query = (
            sa.select(runs.c.stack, runs.c.message)
            .outerjoin(last_good, last_good.c.stack == runs.c.stack)
            .where(bad & runs.c.stack.in_(lately) & (runs.c.id > sa.func.coalesce(last_good.c.id, 0)))
            .order_by(runs.c.id)
        )
        failing: dict[str, Repair] = {}
        with self._database.read() as connection:
            for row in connection.execute(query):
                before = failing.get(row.stack, Repair())
                failing[row.stack] = Repair(before.failures + 1, row.message)
        return failing

    def attempts(self, stack: str) -> tuple[Attempt, ...]:
        """How the last changes of the stack ended, the newest first: what a repair failed at, and what any run built.

        Left out is what says nothing about the next repair: failures of other runs, and the end of a sick instance.
        """
        unrepaired = (changes.c.state == "failed") & (runs.c.verb == "reconcile")
        built = (changes.c.state == "done") & (changes.c.action != "destroy")
        query = (
            sa.select(changes.c.address, changes.c.state, runs.c.ended)
            .join(runs, changes.c.run == runs.c.id)
            .where((runs.c.kind == "stack") & (runs.c.stack == stack) & (runs.c.verb != "run"))
            .where(runs.c.state.in_(("done", "failed")))
            .where(unrepaired | built)
            .order_by(runs.c.id.desc(), changes.c.id.desc())
            .limit(_ATTEMPTS)
        )
        with self._database.read() as connection:
            return tuple(Attempt(*row) for row in connection.execute(query))

    def get(self, id: str) -> Run:
        """One run. Raises LedgerError for an unknown id."""
        rows = _read(self._database, sa.select(runs).where(runs.c.id == int(id))) if _is_row_id(id) else ()
        if not rows:
            raise LedgerError(f"The ledger knows no run {id}. `tenfold history` lists them.")
        return rows[0]


def _is_row_id(text: str) -> bool:
    """Whether a row may have this id."""
    return text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS


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


def _open(lease: Lease, run: str) -> "sa.ColumnElement[bool]":
    return (runs.c.id == int(run)) & (runs.c.state == "running") & _under(lease)


def _under(lease: Lease) -> "sa.ColumnElement[bool]":
    return (runs.c.kind == lease.kind) & (runs.c.stack == lease.stack) & (runs.c.fence == lease.fence)


def _added(connection: sa.Connection, new: sa.Insert) -> str:
    key = connection.execute(new).inserted_primary_key
    assert key is not None
    return str(key[0])
