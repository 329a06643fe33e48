"""What each stack has cost in this month."""

from collections.abc import Mapping

import sqlalchemy as sa

from infra_specs.pricing.month import Spent
from tasks.ledger.database import Database
from tasks.ledger.lock import Hold, guard
from tasks.ledger.tables import spending


def spent(database: Database) -> dict[str, Spent]:
    with database.read() as connection:
        rows = connection.execute(sa.select(spending)).all()
    # What is no number tells nothing: the stack's account begins anew.
    return {row.stack: Spent(row.month, row.usd, row.at) for row in rows if _numbers(row.usd, row.at)}


def record(database: Database, hold: Hold, found: Mapping[str, Spent]) -> None:
    if not found:
        return
    rows = [{"stack": name, "month": one.month, "usd": one.usd, "at": one.at} for name, one in found.items()]
    with database.write() as connection:
        guard(connection, hold)
        new = database.insert(spending)
        changed = {name: new.excluded[name] for name in ("month", "usd", "at")}
        connection.execute(new.on_conflict_do_update(index_elements=["stack"], set_=changed), rows)


def _numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) for value in values)
