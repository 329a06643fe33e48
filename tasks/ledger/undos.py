"""The restores that did not end and are to be taken back: on the target they look as those that did."""

import sqlalchemy as sa
from pydantic import ValidationError

from infra_specs.backup.parts import RestoredParts
from infra_specs.errors import LedgerError
from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.tables import undos


class Undos:
    """At most one a stack: the next restore waits for it. `lease` is that of the stack's backups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, lease: Lease, parts: RestoredParts) -> None:
        """Write down that a restore is to be taken back, unless it ends."""
        with self._database.write() as connection:
            guard(connection, lease)
            values = {"parts": parts.data(), "since": self._database.now(connection)}
            new = self._database.insert(undos).values(stack=lease.stack, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["stack"], set_=values))

    def end(self, lease: Lease) -> None:
        """It is exchanged as a whole, or taken back."""
        with self._database.write() as connection:
            guard(connection, lease)
            connection.execute(sa.delete(undos).where(undos.c.stack == lease.stack))

    def find(self, stack: str) -> RestoredParts | None:
        """What the restore exchanged that is to be taken back; None for none. Raises LedgerError if it is broken."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(undos.c.parts).where(undos.c.stack == stack)).one_or_none()
        if row is None:
            return None
        try:
            return RestoredParts.from_data(row.parts)
        except ValidationError as error:
            raise LedgerError(f"What the last restore of {stack} exchanged cannot be read from the ledger.") from error
