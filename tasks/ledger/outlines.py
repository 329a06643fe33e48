"""Releases, runs and decisions without their contents: what a page shows of many stacks at once."""

import sqlalchemy as sa

from infra_specs.overview.facts import ChangeFacts, ReleaseFacts
from infra_specs.overview.report import CountDecision
from infra_specs.releases.selection import ReleaseState
from tasks.ledger.database import Database
from tasks.ledger.tables import changes, decisions, releases, runs


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
