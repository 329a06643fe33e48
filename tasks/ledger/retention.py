"""What is too old goes, some at a time, so that the ledger stays as small as it was after its first weeks.

A check that wrote a new decision trims one stack, and so does the first of five minutes. It is found by chance among
all that ever had a lock, so that those that nobody checks any more have their turn too, and no check has much to do.
"""

from typing import Any

import sqlalchemy as sa

from tasks.ledger.tables import decisions, locks, runs

day = 86_400.0
decisions_kept = 90 * day
"""Of those that changed something, or would have in a service that is only advised."""
quiet_kept = 14 * day
"""Of those that found the count right."""
decisions_at_least = 100
"""Of each service, however old."""
decisions_at_once = 1000
"""Rows that go at once at most: many times what one check writes, so that old ones never pile up."""
runs_kept = 90 * day
runs_at_least = 200
"""Of each stack, however old."""
runs_at_once = 200
"""The same of runs. Their changes go with them."""


def trim(connection: sa.Connection, now: float) -> None:
    """Remove some of what is too old at `now` (seconds since the epoch) of one stack."""
    stacks = locks.c.stack.not_like("%/%") & locks.c.stack.not_like("(%")  # neither claims nor the lock of the checks
    stack = connection.scalar(sa.select(locks.c.stack).where(stacks).order_by(sa.func.random()).limit(1))
    if stack is not None:
        _decisions(connection, stack, now)
        _runs(connection, stack, now)


def _decisions(connection: sa.Connection, stack: str, now: float) -> None:
    quiet = (decisions.c.before == decisions.c.replicas) & (decisions.c.until < now - quiet_kept)
    old = sa.or_(decisions.c.until < now - decisions_kept, quiet)
    place = sa.func.row_number().over(partition_by=decisions.c.service, order_by=decisions.c.id.desc())
    each = sa.select(decisions.c.id, old.label("old"), place.label("place")).where(decisions.c.stack == stack)
    _remove(connection, decisions, each, decisions_at_least, decisions_at_once)


def _runs(connection: sa.Connection, stack: str, now: float) -> None:
    old = (runs.c.began < now - runs_kept) & (runs.c.state != "running")
    place = sa.func.row_number().over(order_by=runs.c.id.desc())
    each = sa.select(runs.c.id, old.label("old"), place.label("place")).where(runs.c.stack == stack)
    _remove(connection, runs, each, runs_at_least, runs_at_once)


def _remove(connection: sa.Connection, table: sa.Table, each: "sa.Select[Any]", least: int, most: int) -> None:
    """Those of `each` that are old and not among the newest, the oldest first."""
    row = each.subquery()
    doomed = sa.select(row.c.id).where(row.c.old & (row.c.place > least)).order_by(row.c.id).limit(most)
    connection.execute(sa.delete(table).where(table.c.id.in_(doomed)))
