"""What each stack has cost in this month, and how long its replicas took to serve."""

from collections import defaultdict
from collections.abc import Mapping
from statistics import median

import sqlalchemy as sa

from infra_specs.pricing.month import Spent
from tasks.ledger.database import Database
from tasks.ledger.lock import Hold, guard
from tasks.ledger.measurements import Key
from tasks.ledger.tables import changes, runs, spending

starts_seen = 2000
"""Changes that are looked back at, of all stacks."""
starts_of_one = 9
"""Of one service: the median of so many."""


def spent(database: Database) -> dict[str, Spent]:
    with database.read() as connection:
        rows = connection.execute(sa.select(spending)).all()
    return {row.stack: Spent(row.month, row.usd, row.at) for row in rows}


def record(database: Database, hold: Hold, found: Mapping[str, Spent]) -> None:
    if not found:
        return
    rows = [{"stack": name, "month": one.month, "usd": one.usd, "at": one.at} for name, one in found.items()]
    with database.write() as connection:
        guard(connection, hold)
        new = database.insert(spending)
        changed = {name: new.excluded[name] for name in ("month", "usd", "at")}
        connection.execute(new.on_conflict_do_update(index_elements=["stack"], set_=changed), rows)


def starts(database: Database) -> dict[Key, float]:
    last = sa.select(sa.func.max(changes.c.id)).scalar_subquery()
    replica = (changes.c.action == "create") & (changes.c.state == "done") & changes.c.address.startswith("replica/")
    query = (
        sa.select(runs.c.stack, changes.c.address, changes.c.seconds)
        .join(runs, runs.c.id == changes.c.run)
        .where((changes.c.id > last - starts_seen) & replica)
        .order_by(changes.c.id.desc())
    )
    seen: dict[Key, list[float]] = defaultdict(list)
    with database.read() as connection:
        for stack, address, seconds in connection.execute(query):
            times = seen[stack, address.removeprefix("replica/").rpartition("-")[0]]
            if seconds is not None and len(times) < starts_of_one:
                times.append(seconds)
    return {key: median(times) for key, times in seen.items() if times}
