"""Measured time from a decision until its replicas serve."""

from collections import defaultdict
from statistics import median

import sqlalchemy as sa

from infra_specs.resources.address import Address, prefix_of
from infra_specs.resources.services import COPY_KINDS
from tasks.ledger.database import Database
from tasks.ledger.measurements import Key
from tasks.ledger.tables import changes, decisions, runs

CHANGES_SEEN = 2000
"""Recent changes that are read, of all stacks."""
SAMPLES = 9
"""Values in a median: the last replicas of a service, and the last decisions."""
DEFAULT_LEAD = 3.0
"""Assumed seconds from a decision to the start of its run, while none was measured."""


class StartupTimes:
    """How long replicas take to serve."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def by_service(self) -> dict[Key, float]:
        """Seconds from a decision until a replica serves, measured from each service's last replicas."""
        with self._database.read() as connection:
            lead, times = _lead(connection), _times(connection)
        return {key: lead + median(seconds) for key, seconds in times.items() if seconds}


def _lead(connection: sa.Connection) -> float:
    last = connection.execute(
        sa.select(decisions.c.flow_run_id, decisions.c.until)
        .where(decisions.c.flow_run_id.is_not(None))
        .order_by(decisions.c.id.desc())
        .limit(SAMPLES)
    ).all()
    newest = sa.select(sa.func.max(runs.c.id)).scalar_subquery()
    own_runs = runs.c.flow_run_id.in_([row.flow_run_id for row in last]) & (runs.c.id > newest - CHANGES_SEEN)
    rows = connection.execute(sa.select(runs.c.flow_run_id, runs.c.began).where(own_runs)).all() if last else []
    began = {row.flow_run_id: row.began for row in rows}
    delays = [began[row.flow_run_id] - row.until for row in last if row.flow_run_id in began]
    return max(0.0, median(delays)) if delays else DEFAULT_LEAD


def _times(connection: sa.Connection) -> dict[Key, list[float]]:
    newest = sa.select(sa.func.max(changes.c.id)).scalar_subquery()
    copies = sa.or_(*(changes.c.address.startswith(prefix_of(kind)) for kind in COPY_KINDS))
    created = (changes.c.action == "create") & (changes.c.state == "done") & copies
    query = (
        sa.select(runs.c.stack, changes.c.address, changes.c.seconds)
        .join(runs, runs.c.id == changes.c.run)
        .where((changes.c.id > newest - CHANGES_SEEN) & created & changes.c.seconds.is_not(None))
        .order_by(changes.c.id.desc())
    )
    times_by_service: dict[Key, list[float]] = defaultdict(list)
    for stack, address, seconds in connection.execute(query):
        try:
            times = times_by_service[stack, Address.parse(address).name]
        except ValueError:
            continue  # a row that was broken by hand is no start
        if len(times) < SAMPLES and isinstance(seconds, int | float):
            times.append(seconds)
    return times_by_service
