"""Releases: numbered, each with what it held, how it came, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from infra_specs.errors import LedgerError, PlanError
from infra_specs.releases.content import Content, content_from
from infra_specs.releases.which import State, outlived
from tasks.ledger.database import Database
from tasks.ledger.lock import Hold, guard
from tasks.ledger.tables import releases

cut_off = "Its run ended before it was proven."


@dataclass(frozen=True, slots=True)
class Release:
    """One release of a stack: what it holds, who made it and why, and how it came out. Times are seconds since the
    epoch."""

    stack: str
    number: int
    state: State
    passed: int
    """Stages of its rollout that are over."""
    verb: str
    reason: str
    who: str
    flow_run_id: str | None
    content: Content
    file: Content
    """What the spec file said when it was last provisioned, and which secrets there were when this was made."""
    message: str
    since: float
    ended: float | None

    def __str__(self) -> str:
        return f"release {self.number}"


def begin(database: Database, hold: Hold, verb: str, reason: str, *, content: Content, file: Content) -> Release:
    """The next release, or the last one again if that holds the same and its run ended before it was proven."""
    with database.write() as connection:
        guard(connection, hold)
        known = _read(connection, _of(hold.stack))
        last = known[0] if known else None
        if last and last.state == "proving" and (last.content, last.file) == (content, file):
            return last
        now = database.now(connection)
        left = _of_stack(hold) & (releases.c.state == "proving")
        connection.execute(sa.update(releases).where(left).values(state="failed", message=cut_off, ended=now))
        row = {
            "stack": hold.stack, "number": last.number + 1 if last else 1, "state": "proving", "step": 0, "verb": verb,
            "reason": reason, "who": str(hold.owner), "flow_run_id": hold.owner.flow_run_id, "message": "",
            "content": content.data(), "file": file.data(), "since": now, "ended": None,
        }  # fmt: skip
        connection.execute(sa.insert(releases).values(**row))
        made = _release(row)
        gone = outlived((made, *known))
        connection.execute(sa.delete(releases).where(_of_stack(hold), releases.c.number.in_(gone)))
    return made


def passed(database: Database, hold: Hold, number: int, stages: int) -> None:
    _update(database, hold, number, {"step": stages})


def refile(database: Database, hold: Hold, number: int, file: Content) -> None:
    _update(database, hold, number, {"file": file.data()})


def end(database: Database, hold: Hold, number: int, state: Literal["failed", "undone"], message: str) -> None:
    _update(database, hold, number, {"state": state, "message": message}, ends=True)


def prove(database: Database, hold: Hold, number: int) -> None:
    with database.write() as connection:
        guard(connection, hold)
        now = database.now(connection)
        this = _of_stack(hold) & (releases.c.number == number) & (releases.c.state != "proven")
        connection.execute(sa.update(releases).where(this).values(state="proven", message="", ended=now))
        newer = sa.update(releases).where(_of_stack(hold), releases.c.number > number)
        connection.execute(newer.where(releases.c.state == "failed").values(state="undone", ended=now))
        cut = newer.where(releases.c.state == "proving").values(state="undone", message=cut_off, ended=now)
        connection.execute(cut)


def every(database: Database, stack: str) -> tuple[Release, ...]:
    with database.read() as connection:
        return _read(connection, _of(stack))


def standing(database: Database, stack: str) -> tuple[Release, ...]:
    mine = releases.c.stack == stack
    newest = sa.select(sa.func.max(releases.c.number)).where(mine)
    proven = newest.where(releases.c.state == "proven")
    either = releases.c.number.in_((newest.scalar_subquery(), proven.scalar_subquery()))
    with database.read() as connection:
        return _read(connection, _of(stack).where(either))


def _of(stack: str) -> "sa.Select[Any]":
    return sa.select(releases).where(releases.c.stack == stack).order_by(releases.c.number.desc())


def _of_stack(hold: Hold) -> "sa.ColumnElement[bool]":
    return releases.c.stack == hold.stack


def _update(database: Database, hold: Hold, number: int, values: Mapping[str, Any], *, ends: bool = False) -> None:
    with database.write() as connection:
        guard(connection, hold)
        told = {**values, **({"ended": database.now(connection)} if ends else {})}
        this = _of_stack(hold) & (releases.c.number == number)
        if not connection.execute(sa.update(releases).where(this).values(**told)).rowcount:
            raise LedgerError(f"{hold.stack} has no release {number}.")


def _read(connection: sa.Connection, query: "sa.Select[Any]") -> tuple[Release, ...]:
    return tuple(_release(row) for row in connection.execute(query).mappings())


def _release(row: "Mapping[str, Any] | sa.RowMapping") -> Release:
    told = {name: value for name, value in row.items() if name not in ("step", "content", "file")}
    try:
        content, file = content_from(row["content"]), content_from(row["file"])
    except PlanError as error:
        raise PlanError(f"{row['stack']}: release {row['number']} in the ledger. {error}") from error
    return Release(passed=row["step"], content=content, file=file, **told)
