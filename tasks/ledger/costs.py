"""The cost of each stack in this month."""

from collections.abc import Mapping

import sqlalchemy as sa

from infra_specs.pricing.month import Spent
from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, guard
from tasks.ledger.tables import spending


class Costs:
    """The cost of each stack in its month."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def this_month(self) -> dict[str, Spent]:
        """The last recorded cost of each stack in its month."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(spending)).all()
        # A row without numbers is ignored: the stack's account starts again.
        return {row.stack: Spent(row.month, row.usd, row.at) for row in rows if _numbers(row.usd, row.at)}

    def record(self, lease: Lease, costs: Mapping[str, Spent]) -> None:
        """Keep what these stacks have cost. `lease` is that of `checks.acquire`."""
        if not costs:
            return
        rows = [{"stack": name, "month": cost.month, "usd": cost.usd, "at": cost.at} for name, cost in costs.items()]
        with self._database.write() as connection:
            guard(connection, lease)
            new = self._database.insert(spending)
            changed = {name: new.excluded[name] for name in ("month", "usd", "at")}
            connection.execute(new.on_conflict_do_update(index_elements=["stack"], set_=changed), rows)


def _numbers(*values: object) -> bool:
    return all(isinstance(value, int | float) for value in values)
