"""Silences: until when nobody is told of a stack, and why."""

import sqlalchemy as sa

from infra_specs.alerts.quiet import Silence
from tasks.ledger.database import Database
from tasks.ledger.tables import silences


class Silences:
    """The last silence of each stack."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, new: Silence) -> None:
        """Silence a stack, in place of what was said before."""
        values = {"since": new.since, "until": new.until, "why": new.why, "who": new.who}
        with self._database.write() as connection:
            insert = self._database.insert(silences).values(stack=new.stack, **values)
            connection.execute(insert.on_conflict_do_update(index_elements=["stack"], set_=values))

    def end(self, stack: str) -> bool:
        """End the silence of a stack. Returns whether there was one."""
        with self._database.write() as connection:
            return bool(connection.execute(sa.delete(silences).where(silences.c.stack == stack)).rowcount)

    def now(self, moment: float) -> tuple[Silence, ...]:
        """The silences that hold at a moment, by stack."""
        query = sa.select(silences).where(silences.c.until > moment).order_by(silences.c.stack)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(Silence(row.stack, row.since, row.until, row.why, row.who) for row in rows)
