"""Which flow runs have a living process: a row with the owner, for as long as it renews it.

Machines that share a ledger see one another's runs. On the owner's machine its process is looked for, so an ended
process is seen at once and a paused one is never taken for dead. Elsewhere the lease decides.
"""

from dataclasses import asdict

import sqlalchemy as sa

from infra_specs.errors import LedgerError
from tasks.ledger.database import Database
from tasks.ledger.owner import Owner, owner_from
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.ledger.tables import live_runs

_KEPT_SECONDS = 86_400.0
"""Seconds after the end of its lease when a run that nobody asked for is deleted."""


class Liveness:
    """The flow runs that began and did not end regularly."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, flow_run: str, owner: Owner, lease_seconds: float) -> None:
        """Record that the process of `owner` is at work on a flow run. Replaces an earlier process of the same run."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            connection.execute(sa.delete(live_runs).where(live_runs.c.until < now - _KEPT_SECONDS))
            values = {"owner": asdict(owner), "since": now, "until": now + lease_seconds}
            new = self._database.insert(live_runs).values(flow_run=flow_run, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["flow_run"], set_=values))

    def renew(self, flow_run: str, lease_seconds: float) -> None:
        """Renew the lease of a flow run. Raises LedgerError for one that was forgotten."""
        with self._database.write() as connection:
            until = self._database.now(connection) + lease_seconds
            match = sa.update(live_runs).where(live_runs.c.flow_run == flow_run)
            if not connection.execute(match.values(until=until)).rowcount:
                raise LedgerError(f"The flow run {flow_run} was taken for dead. It was paused, or cut off.")

    def forget(self, flow_run: str) -> None:
        """Remove a flow run that ended. A run that is not known is no error."""
        with self._database.write() as connection:
            connection.execute(sa.delete(live_runs).where(live_runs.c.flow_run == flow_run))

    def alive(self) -> dict[str, bool]:
        """Every flow run that is known -> whether its process lives."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(live_runs)).mappings().all()
            now = self._database.now(connection)
        return {row["flow_run"]: _is_alive(owner_from(row["owner"]), row["until"], now) for row in rows}


def _is_alive(owner: Owner, until: float, now: float) -> bool:
    seen = owner_is_alive(owner)
    return until > now if seen is None else seen
