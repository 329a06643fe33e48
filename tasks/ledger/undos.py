"""The restores that failed and are to be taken back: on the target they look as those that succeeded."""

import sqlalchemy as sa

from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.tables import undos


class Undos:
    """At most one a stack: the next restore waits for it. `lease` is that of the stack's backups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, lease: Lease, backup: str) -> None:
        """Write down that the restore of this backup is to be taken back."""
        with self._database.write() as connection:
            guard(connection, lease)
            values = {"backup": backup, "since": self._database.now(connection)}
            new = self._database.insert(undos).values(stack=lease.stack, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["stack"], set_=values))

    def end(self, lease: Lease) -> None:
        """It is taken back."""
        with self._database.write() as connection:
            guard(connection, lease)
            connection.execute(sa.delete(undos).where(undos.c.stack == lease.stack))

    def find(self, stack: str) -> str:
        """The backup whose restore is to be taken back; empty for none."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(undos.c.backup).where(undos.c.stack == stack)) or ""
