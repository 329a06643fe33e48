"""How long it takes from a decision until its replicas serve, as it was seen."""

from collections import defaultdict
from statistics import median

import sqlalchemy as sa

from infra_specs.resources.address import Address, prefix_of
from tasks.ledger.database import Database
from tasks.ledger.measurements import Key
from tasks.ledger.tables import changes, decisions, runs

seen = 2000
"""Changes that are looked back at, of all stacks."""
of_one = 9
"""The median of so many of a service's last replicas, and of the last decisions."""
usual_lead = 3.0
"""Seconds from a decision to the first change of its run, while none was seen."""


def starts(database: Database) -> dict[Key, float]:
    """Seconds from a decision until a replica serves: to the run's beginning, and from there to healthy."""
    with database.read() as connection:
        lead, times = _lead(connection), _times(connection)
    return {key: lead + median(found) for key, found in times.items() if found}


def _lead(connection: sa.Connection) -> float:
    last = connection.execute(
        sa.select(decisions.c.flow_run_id, decisions.c.until)
        .where(decisions.c.flow_run_id.is_not(None))
        .order_by(decisions.c.id.desc())
        .limit(of_one)
    ).all()
    newest = sa.select(sa.func.max(runs.c.id)).scalar_subquery()
    mine = runs.c.flow_run_id.in_([row.flow_run_id for row in last]) & (runs.c.id > newest - seen)
    rows = connection.execute(sa.select(runs.c.flow_run_id, runs.c.began).where(mine)).all() if last else []
    began = {row.flow_run_id: row.began for row in rows}
    found = [began[row.flow_run_id] - row.until for row in last if row.flow_run_id in began]
    return max(0.0, median(found)) if found else usual_lead


def _times(connection: sa.Connection) -> dict[Key, list[float]]:
    newest = sa.select(sa.func.max(changes.c.id)).scalar_subquery()
    replica = changes.c.address.startswith(prefix_of("replica"))
    made = (changes.c.action == "create") & (changes.c.state == "done") & replica
    query = (
        sa.select(runs.c.stack, changes.c.address, changes.c.seconds)
        .join(runs, runs.c.id == changes.c.run)
        .where((changes.c.id > newest - seen) & made & changes.c.seconds.is_not(None))
        .order_by(changes.c.id.desc())
    )
    found: dict[Key, list[float]] = defaultdict(list)
    for stack, address, seconds in connection.execute(query):
        try:
            times = found[stack, Address.parse(address).name]
        except ValueError:
            continue  # a row that was broken by hand is no start
        if len(times) < of_one and isinstance(seconds, int | float):
            times.append(seconds)
    return found
