"""Fleets: hosts that stacks run on together, with a lock and a history of their own.

A fleet bears the name of the stack that lists its hosts. It stays when that stack is torn down.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from infra_specs.errors import LedgerError
from infra_specs.stackfile.models.hosts import FleetHosts, Host
from tasks.ledger.database import Database
from tasks.ledger.locks import Holder, Lease, guard, holder_of, take
from tasks.ledger.owner import Owner
from tasks.ledger.tables import fleets, runs

_HOSTS: TypeAdapter[tuple[Host, ...]] = TypeAdapter(tuple[Host, ...])


class Fleets:
    """The fleets of an installation, by their names."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, fleet: str, owner: Owner, lease_seconds: float) -> Lease:
        """Take the fleet's lock without waiting. Raises LockHeld, with the holder and since when.

        It is renewed, released, taken over and lost as the lock of a stack is.
        """
        return take(self._database, Lease(fleet, 0, owner, "fleet"), lease_seconds)

    def holder(self, fleet: str) -> Holder | None:
        """The holder of the lock, even if it is dead or its lease ran out; None if the lock is free."""
        return holder_of(self._database, "fleet", fleet)

    def find(self, name: str) -> FleetHosts | None:
        """The fleet of this name; None if there is none. Raises LedgerError for one that cannot be read."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(fleets).where(fleets.c.name == name)).mappings().one_or_none()
        return _fleet(row) if row else None

    def has(self, name: str) -> bool:
        """Whether there is a fleet of this name, whether it can be read or not."""
        with self._database.read() as connection:
            return connection.execute(sa.select(fleets.c.name).where(fleets.c.name == name)).first() is not None

    def all(self) -> tuple[FleetHosts, ...]:
        """All fleets that can be read, ordered by name."""
        with self._database.read() as connection:
            return fleets_in(connection)

    def put(self, lease: Lease, fleet: FleetHosts) -> None:
        """Record the hosts of the fleet, and those that leave it. So already: nothing is written."""
        values = {"hosts": _dumped(fleet.hosts), "leaving": _dumped(fleet.leaving), "key": fleet.key}
        own = fleets.c.name == lease.stack
        with self._database.write() as connection:
            guard(connection, lease)
            previous = connection.execute(sa.select(fleets).where(own)).mappings().one_or_none()
            now = self._database.now(connection)
            if previous is None:
                connection.execute(sa.insert(fleets).values(name=lease.stack, **values, since=now))
            elif any(previous[column] != value for column, value in values.items()):
                connection.execute(sa.update(fleets).where(own).values(**values, since=now))

    def mark_looked(self, lease: Lease) -> None:
        """Record that a run looks at the hosts of the fleet now."""
        with self._database.write() as connection:
            guard(connection, lease)
            now = self._database.now(connection)
            connection.execute(sa.update(fleets).where(fleets.c.name == lease.stack).values(looked=now))

    def is_due(self, name: str, seconds: float) -> bool:
        """Whether nobody has looked at the hosts for so long. A fleet that is not there is not due."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(fleets.c.looked).where(fleets.c.name == name)).one_or_none()
            return row is not None and not 0 <= self._database.now(connection) - (row.looked or 0.0) < seconds

    def forget(self, lease: Lease) -> None:
        """Delete the fleet and its history, but for its last run: who ended it, and when."""
        with self._database.write() as connection:
            guard(connection, lease)
            own = (runs.c.kind == "fleet") & (runs.c.stack == lease.stack)
            last = sa.select(sa.func.max(runs.c.id)).where(own).scalar_subquery()
            connection.execute(sa.delete(runs).where(own & (runs.c.id < last)))
            connection.execute(sa.delete(fleets).where(fleets.c.name == lease.stack))


def fleets_in(connection: sa.Connection) -> tuple[FleetHosts, ...]:
    """As `Fleets.all`, within a transaction that reads more."""
    rows = connection.execute(sa.select(fleets).order_by(fleets.c.name)).mappings().all()
    return tuple(_readable(rows))


def _readable(rows: Iterable[sa.RowMapping]) -> Iterator[FleetHosts]:
    """One that cannot be read is in the way of its own stacks, and of no others."""
    for row in rows:
        with suppress(LedgerError):
            yield _fleet(row)


def _fleet(row: sa.RowMapping) -> FleetHosts:
    return FleetHosts(row["name"], _read(row, "hosts"), row["key"], _read(row, "leaving"))


def _read(row: sa.RowMapping, column: str) -> tuple[Host, ...]:
    try:
        return _HOSTS.validate_python(tuple(row[column]), strict=False)
    except (TypeError, ValidationError) as error:
        raise LedgerError(
            f"The hosts of the fleet {row['name']} cannot be read in the ledger. Provision its stack from its file "
            "again, or use the version of Tenfold that wrote them."
        ) from error


def _dumped(hosts: tuple[Host, ...]) -> list[Any]:
    return [host.model_dump(mode="json") for host in hosts]
