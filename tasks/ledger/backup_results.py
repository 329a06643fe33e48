"""How the backups of each stack ended last: their store need not be asked for it again and again."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from tasks.base.known_secrets import known_secrets
from tasks.ledger.database import Database
from tasks.ledger.tables import backup_results


@dataclass(frozen=True, slots=True)
class BackupResult:
    """Of one stack: since when backups are looked for, when the newest proven one began, and what is wrong.

    `failure`: why the last one does not count. `shrunk`: what fell by half in the newest proven one.
    """

    expected: float = 0.0
    good: float | None = None
    failure: str = ""
    shrunk: str = ""


class BackupResults:
    """The last results of all stacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[str, BackupResult]:
        """Stack -> how its backups ended."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(backup_results)).all()
        return {row.stack: BackupResult(row.expected, row.good, row.failure, row.shrunk) for row in rows}

    def expect(self, stacks: Iterable[str], moment: float) -> None:
        """From this moment on backups of these stacks are looked for, of which nothing is known yet."""
        rows = [{"stack": stack, "expected": moment, "failure": "", "shrunk": ""} for stack in stacks]
        if rows:
            with self._database.write() as connection:
                connection.execute(self._database.insert(backup_results).on_conflict_do_nothing(), rows)

    def succeeded(self, stack: str, began: float, shrunk: str) -> None:
        """A backup that began then is proven. `shrunk`: what fell by half since the one before; empty for nothing."""
        self._put(stack, {"good": began, "failure": "", "shrunk": shrunk})

    def failed(self, stack: str, failure: str) -> None:
        """The last backup does not count, for this reason. What was proven before stays proven."""
        self._put(stack, {"failure": known_secrets.shown(failure)})

    def _put(self, stack: str, values: dict[str, object]) -> None:
        with self._database.write() as connection:
            moment = self._database.now(connection)
            first = {"expected": moment, "good": None, "failure": "", "shrunk": "", **values}
            insert = self._database.insert(backup_results).values(stack=stack, **first)
            connection.execute(insert.on_conflict_do_update(index_elements=["stack"], set_=values))
