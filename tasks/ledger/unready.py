"""Since when copies are not ready, as far as runs have seen it: not every target remembers that."""

from collections.abc import Mapping
from typing import TypeAlias

import sqlalchemy as sa

from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.tables import unready

Copy: TypeAlias = tuple[str, int]
"""Address and incarnation."""


class Unready:
    """The copies of every stack that were not ready when they were last observed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def observe(self, lease: Lease, seen: Mapping[Copy, float]) -> Mapping[Copy, float]:
        """Remember who is not ready, and since when at the latest (seconds since the epoch); forget all others.

        Returns for each since when it is not ready by all that is known. Without a difference nothing is written.
        """
        with self._database.read() as connection:
            known = _read(connection, lease.stack)
        since = {copy: min(moment, known.get(copy, moment)) for copy, moment in seen.items()}
        if since != known:
            with self._database.write() as connection:
                guard(connection, lease)
                connection.execute(sa.delete(unready).where(unready.c.stack == lease.stack))
                rows = [
                    {"stack": lease.stack, "address": address, "incarnation": incarnation, "since": moment}
                    for (address, incarnation), moment in since.items()
                ]
                if rows:
                    connection.execute(sa.insert(unready), rows)
        return since


def _read(connection: sa.Connection, stack: str) -> dict[Copy, float]:
    query = sa.select(unready).where(unready.c.stack == stack)
    return {(row["address"], row["incarnation"]): row["since"] for row in connection.execute(query).mappings()}
