"""Releases, runs and decisions without their contents: what a page shows of many stacks at once."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from infra_specs.overview.facts import ChangeFacts, ReleaseFacts
from infra_specs.overview.report import CountDecision
from infra_specs.releases.selection import ReleaseState
from tasks.ledger.database import Database
from tasks.ledger.measurements import Key, period_of
from tasks.ledger.tables import changes, decisions, measurements, releases, remembered, runs

DAY_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class ReleaseOrigin:
    """A release, and the flow run that began it. `content`: as it is stored, to compare it with another's."""

    number: int
    state: ReleaseState
    flow_run_id: str | None
    content: Any


class Outlines:
    """What releases, runs and decisions say of themselves in a line."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def releases(self, stack: str) -> tuple[ReleaseFacts, ...]:
        """All releases of a stack that are kept, the newest first."""
        columns = ("number", "state", "verb", "reason", "who", "message", "since", "ended")
        query = sa.select(*(releases.c[name] for name in columns)).where(releases.c.stack == stack)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(releases.c.number.desc())).mappings().all()
        return tuple(ReleaseFacts(**{**row, "state": ReleaseState(row["state"])}) for row in rows)

    def origins(self, stack: str) -> tuple[ReleaseOrigin, ...]:
        """All releases of a stack that are kept, the newest first, with the flow runs that began them."""
        columns = (releases.c.number, releases.c.state, releases.c.flow_run_id, releases.c.content)
        query = sa.select(*columns).where(releases.c.stack == stack).order_by(releases.c.number.desc())
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(ReleaseOrigin(row.number, ReleaseState(row.state), row.flow_run_id, row.content) for row in rows)

    def changes(self, stack: str, limit: int) -> tuple[ChangeFacts, ...]:
        """The last runs of a stack, the newest first."""
        made = sa.select(sa.func.count()).where(changes.c.run == runs.c.id).scalar_subquery()
        columns = ("id", "verb", "reason", "who", "state", "message", "began", "ended")
        query = (
            sa.select(*(runs.c[name] for name in columns), made.label("changes"))
            .where((runs.c.kind == "stack") & (runs.c.stack == stack))
            .order_by(runs.c.id.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(ChangeFacts(**{**row, "id": str(row["id"])}) for row in rows)

    def reasons(self) -> dict[Key, str]:
        """The reason of the last decision on every service."""
        columns = (remembered.c.stack, remembered.c.service, decisions.c.reason)
        query = sa.select(*columns).join(decisions, decisions.c.id == remembered.c.decision)
        with self._database.read() as connection:
            return {(stack, service): reason for stack, service, reason in connection.execute(query)}

    def daily_peaks(self, stack: str, since: float) -> dict[str, list[tuple[float, float]]]:
        """By service for each day (since the epoch) the highest five-minute mean of requests in flight."""
        table = measurements.c
        day = (table.period - table.period % DAY_SECONDS).label("day")
        seen = (table.period >= period_of(since)) & (table.stack == stack) & table.in_flight.is_not(None)
        query = sa.select(table.service, day, sa.func.max(table.in_flight)).where(seen).group_by(table.service, day)
        peaks: dict[str, list[tuple[float, float]]] = {}
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(table.service, day)).all()
        for service, begin, peak in rows:
            if isinstance(peak, int | float):
                peaks.setdefault(service, []).append((begin // DAY_SECONDS, peak))
        return peaks

    def decisions(self, stack: str, since: float) -> tuple[CountDecision, ...]:
        """The scaler's decisions from a moment on that changed a count, or advised to; the newest first."""
        table = decisions.c
        changed = (table.stack == stack) & (table.since >= since) & (table.before != table.replicas)
        columns = (table.since, table.before, table.replicas, table.mode, table.reason)
        with self._database.read() as connection:
            rows = connection.execute(sa.select(*columns).where(changed).order_by(table.id.desc())).all()
        return tuple(
            CountDecision(at, before, after, mode == "act", reason) for at, before, after, mode, reason in rows
        )
