"""The cost of each stack in this month."""

from collections.abc import Mapping

import sqlalchemy as sa

from infra_specs.pricing.month import Spent
from tasks.ledger.database import Database
from tasks.ledger.lock import Lease, guard
from tasks.ledger.tables import spending


def month_costs(database: Database) -> dict[str, Spent]:
    with database.read() as connection:
        rows = connection.execute(sa.select(spending)).all()
    # A row without numbers is ignored: the stack's account starts again.
    return {row.stack: Spent(row.month, row.usd, row.at) for row in rows if _numbers(row.usd, row.at)}


def record(database: Database, lease: Lease, costs: Mapping[str, Spent]) -> None:
    if not costs:
        return
    rows = [{"stack": name, "month": cost.month, "usd": cost.usd, "at": cost.at} for name, cost in costs.items()]
    with database.write() as connection:
        guard(connection, lease)
        new = database.insert(spending)
        changed = {name: new.excluded[name] for name in ("month", "usd", "at")}
        connection.execute(new.on_conflict_do_update(index_elements=["stack"], set_=changed), rows)


def _numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) for value in values)
