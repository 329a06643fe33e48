"""Stacks as they were last wanted, and the counts that were asked for over their specs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from infra_specs.errors import LedgerError, SpecError
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import stored
from tasks.ledger.database import Database
from tasks.ledger.json_column import BrokenJson
from tasks.ledger.lock import Hold, guard
from tasks.ledger.tables import (
    decisions,
    measurements,
    overrides,
    remembered,
    runs,
    samples,
    secrets,
    spending,
    stacks,
)

_of_checks = (remembered, decisions, spending)
"""What the checks of a stack go on from."""


@dataclass(frozen=True, slots=True)
class Override:
    """A number of replicas that was asked for since, and why."""

    replicas: int
    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """A stack as last wanted. `wanted` is False after a teardown, `since` when spec, source or that changed last."""

    name: str
    spec: Mapping[str, Any] | BrokenJson
    source: str
    target: str
    wanted: bool
    since: float
    asked: Mapping[str, Override] = field(default_factory=dict)

    def stack(self) -> Stack:
        """The spec, as this version of Tenfold reads it. Raises SpecError that names the stack and what to do."""
        mend = "Provision it from its file again, or use the version of Tenfold that wrote it."
        if isinstance(self.spec, BrokenJson):
            raise SpecError(f"{self.name}: its spec in the ledger is no JSON ({self.spec.why}). {mend}")
        try:
            stack = stored(self.spec)
        except SpecError as error:
            raise SpecError(f"{self.name}: its spec in the ledger cannot be read. {mend}\n{error}") from None
        if stack.name != self.name:
            raise SpecError(f"{self.name}: its spec in the ledger is that of {stack.name}. {mend}")
        return stack

    @property
    def overrides(self) -> dict[str, int]:
        """Service -> the count that was asked for."""
        return {service: override.replicas for service, override in self.asked.items()}


def want(database: Database, hold: Hold, name: str, spec: Mapping[str, Any], source: str) -> None:
    if name != hold.stack:
        raise LedgerError(f"The lock is {hold.stack}'s and the spec {name}'s. Take the lock of {name}.")
    values = {"spec": dict(spec), "source": source, "target": spec["target"]["provider"], "wanted": True}
    with database.write() as connection:
        guard(connection, hold)
        was = connection.execute(sa.select(stacks).where(stacks.c.name == name)).mappings().one_or_none()
        if was is None:
            for table in _of_checks:  # what a check that was under way wrote of one that was forgotten meanwhile
                connection.execute(sa.delete(table).where(table.c.stack == name))
            connection.execute(sa.insert(stacks).values(name=name, **values, since=database.now(connection)))
        elif any(was[column] != value for column, value in values.items()):
            now = database.now(connection)
            connection.execute(sa.update(stacks).where(stacks.c.name == name).values(**values, since=now))
            if not was["wanted"]:  # torn down it has cost nothing
                connection.execute(sa.update(spending).where(spending.c.stack == name).values(at=now))


def unwant(database: Database, hold: Hold) -> None:
    still = (stacks.c.name == hold.stack) & stacks.c.wanted
    with database.write() as connection:
        guard(connection, hold)
        connection.execute(sa.update(stacks).where(still).values(wanted=False, since=database.now(connection)))


def forget(database: Database, hold: Hold) -> None:
    with database.write() as connection:
        guard(connection, hold)
        for table in (*_of_checks, samples, measurements, secrets):
            connection.execute(sa.delete(table).where(table.c.stack == hold.stack))
        last = sa.select(sa.func.max(runs.c.id)).where(runs.c.stack == hold.stack).scalar_subquery()
        connection.execute(sa.delete(runs).where((runs.c.stack == hold.stack) & (runs.c.id < last)))
        connection.execute(sa.delete(stacks).where(stacks.c.name == hold.stack))


def override(database: Database, hold: Hold, service: str, replicas: int, reason: str) -> None:
    with database.write() as connection:
        guard(connection, hold)
        if connection.scalar(sa.select(stacks.c.name).where(stacks.c.name == hold.stack)) is None:
            raise LedgerError(f"The ledger knows no stack `{hold.stack}`. Give its file to `tenfold provision` first.")
        values = {"replicas": replicas, "reason": reason, "since": database.now(connection)}
        new = database.insert(overrides).values(stack=hold.stack, service=service, **values)
        connection.execute(new.on_conflict_do_update(index_elements=["stack", "service"], set_=values))


def clear_override(database: Database, hold: Hold, service: str) -> None:
    that = (overrides.c.stack == hold.stack) & (overrides.c.service == service)
    with database.write() as connection:
        guard(connection, hold)
        connection.execute(sa.delete(overrides).where(that))


def wanted(database: Database, name: str) -> Wanted | None:
    found = _read(database, sa.select(stacks).where(stacks.c.name == name), overrides.c.stack == name)
    return found[0] if found else None


def every(database: Database) -> tuple[Wanted, ...]:
    return _read(database, sa.select(stacks).order_by(stacks.c.name), sa.true())


def _read(database: Database, query: "sa.Select[Any]", whose: "sa.ColumnElement[bool]") -> tuple[Wanted, ...]:
    with database.read() as connection:
        found = connection.execute(query).mappings().all()
        asked = connection.execute(sa.select(overrides).where(whose).order_by(overrides.c.service)).mappings().all()
    return tuple(Wanted(**row, asked=_of(row["name"], asked)) for row in found)


def _of(name: str, asked: Sequence[sa.RowMapping]) -> dict[str, Override]:
    mine = (row for row in asked if row["stack"] == name)
    return {row["service"]: Override(row["replicas"], row["reason"], row["since"]) for row in mine}
