"""Stacks that are to be looked at soon again, whatever their targets tell."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from infra_specs.releases.selection import ReleaseState
from tasks.ledger.json_column import BrokenJson
from tasks.ledger.tables import releases, runs, unready

TROUBLE_SECONDS = 7200.0
"""For so long a failed run counts: what fails at every repair is tried again within an hour."""


def troubled_stacks(connection: sa.Connection, now: float) -> frozenset[str]:
    """Of these a run failed lately, a copy is not ready, or the newest release is none that serves unwatched."""
    ended_badly = (runs.c.kind == "stack") & runs.c.state.in_(("failed", "crashed")) & (runs.c.verb != "run")
    failed = sa.select(runs.c.stack).where(ended_badly & (runs.c.ended > now - TROUBLE_SECONDS))
    names = connection.scalars(sa.union(failed, sa.select(unready.c.stack))).all()
    return frozenset((*names, *_unsettled(connection), *_watched(connection)))


def _unsettled(connection: sa.Connection) -> Iterable[str]:
    """The stacks whose newest release is rolled out, or failed and still to be undone."""
    unfinished = (ReleaseState.ROLLING_OUT.value, ReleaseState.FAILED.value)
    query = _newest(sa.true(), releases.c.state)
    return [stack for stack, state in connection.execute(query) if state in unfinished]


def _watched(connection: sa.Connection) -> Iterable[str]:
    """The stacks whose newest healthy release has no verdict yet."""
    query = _newest(releases.c.state == ReleaseState.HEALTHY.value, releases.c.watch)
    watches = connection.execute(query.where(releases.c.watch.is_not(None)))
    return [stack for stack, watch in watches if isinstance(watch, BrokenJson) or not watch["verdict"]]


def _newest(condition: "sa.ColumnElement[bool]", column: "sa.Column[Any]") -> "sa.Select[Any]":
    """Stack, and this column of its newest release among those of the condition."""
    number = sa.func.max(releases.c.number).label("number")
    newest = sa.select(releases.c.stack, number).where(condition).group_by(releases.c.stack).subquery()
    is_newest = (releases.c.stack == newest.c.stack) & (releases.c.number == newest.c.number)
    return sa.select(releases.c.stack, column).join(newest, is_newest)
