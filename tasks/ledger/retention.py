"""Delete expired rows, some at a time, so that the ledger stays small.

A check cleans up one stack if it wrote a new decision, or is the first in five minutes. The stack is chosen at random
from all that ever had a lock. So stacks that are no longer checked get their turn, and no check has much to do.
"""

from typing import Any

import sqlalchemy as sa

from tasks.ledger.tables import decisions, locks, runs

DAY = 86_400.0
DECISIONS_KEPT = 90 * DAY
"""Seconds; for decisions that changed a count, or would have with mode `advise`."""
UNCHANGED_KEPT = 14 * DAY
"""Seconds; for decisions that kept the count."""
MIN_DECISIONS = 100
"""Decisions that are kept of each service, however old."""
MAX_DECISIONS_REMOVED = 1000
"""Decisions that are deleted at once at most: many more than one check writes, so old rows never pile up."""
RUNS_KEPT = 90 * DAY
MIN_RUNS = 200
"""Runs that are kept of each stack, however old."""
MAX_RUNS_REMOVED = 200
"""Runs that are deleted at once at most. Their changes are deleted with them."""


def remove_expired(connection: sa.Connection, now: float) -> None:
    """Delete some expired rows of one stack, or of one fleet. `now`: seconds since the epoch."""
    locked = sa.select(locks.c.kind, locks.c.stack).where(locks.c.kind.in_(("stack", "fleet")))
    chosen = connection.execute(locked.order_by(sa.func.random()).limit(1)).one_or_none()
    if chosen is not None:
        _decisions(connection, chosen.stack, now)
        _runs(connection, chosen.kind, chosen.stack, now)


def _decisions(connection: sa.Connection, stack: str, now: float) -> None:
    quiet = (decisions.c.before == decisions.c.replicas) & (decisions.c.until < now - UNCHANGED_KEPT)
    old = sa.or_(decisions.c.until < now - DECISIONS_KEPT, quiet)
    rank = sa.func.row_number().over(partition_by=decisions.c.service, order_by=decisions.c.id.desc())
    ranked = sa.select(decisions.c.id, old.label("old"), rank.label("place")).where(decisions.c.stack == stack)
    _remove(connection, decisions, ranked, MIN_DECISIONS, MAX_DECISIONS_REMOVED)


def _runs(connection: sa.Connection, kind: str, stack: str, now: float) -> None:
    old = (runs.c.began < now - RUNS_KEPT) & (runs.c.state != "running")
    rank = sa.func.row_number().over(order_by=runs.c.id.desc())
    own = (runs.c.kind == kind) & (runs.c.stack == stack)
    ranked = sa.select(runs.c.id, old.label("old"), rank.label("place")).where(own)
    _remove(connection, runs, ranked, MIN_RUNS, MAX_RUNS_REMOVED)


def _remove(connection: sa.Connection, table: sa.Table, ranked: "sa.Select[Any]", least: int, most: int) -> None:
    """Those of `each` that are old and not among the newest, the oldest first."""
    row = ranked.subquery()
    doomed = sa.select(row.c.id).where(row.c.old & (row.c.place > least)).order_by(row.c.id).limit(most)
    connection.execute(sa.delete(table).where(table.c.id.in_(doomed)))
