"""Delete scheduled runs that changed nothing, some minutes after they ended, so that they do not fill the server."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterEndTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

from tasks.base.clock import utc_now
from tasks.run.tags import was_unchanged

EVERY_SECONDS = 300.0
"""Each time is a transaction or two, however many runs go."""
KEPT_SECONDS = 300.0
"""How long a tick without consequences can be looked at. What a check decided stays in the ledger."""
SEEN_SECONDS = 2 * EVERY_SECONDS
"""What ended so long before that was looked at by an earlier round. The first round of a process looks at all."""
PAGE_SIZE = 200
"""Runs that the server gives in one answer."""
DELETED_AT_ONCE = 50
"""Runs that the server deletes for one request."""


class Pruning:
    """Deletes again and again."""

    def __init__(self) -> None:
        self._after: datetime | None = None

    async def look(self, client: PrefectClient) -> None:
        """One round."""
        began = utc_now()
        await prune(client, after=self._after)
        self._after = began - timedelta(seconds=KEPT_SECONDS + SEEN_SECONDS)


async def prune(client: PrefectClient, keep_seconds: float = KEPT_SECONDS, after: datetime | None = None) -> int:
    """Delete the ticks that ended so long ago, and after that moment, and changed nothing; returns how many.

    A reconcile that repaired something stays, and so does whatever failed.
    """
    before = utc_now() - timedelta(seconds=keep_seconds)
    empty = [str(run.id) async for run in _ended(client, before, after) if changed_nothing(run)]
    for at in range(0, len(empty), DELETED_AT_ONCE):
        some: Any = {"flow_runs": {"id": {"any_": empty[at : at + DELETED_AT_ONCE]}}}
        await client.request("POST", "/flow_runs/bulk_delete", json=some)  # type: ignore[arg-type] # a newer route
    return len(empty)


def changed_nothing(run: FlowRun) -> bool:
    """Whether nothing is lost with it: what a check decided is in the ledger, but a repair is this run's own work."""
    return run.state_type is StateType.CANCELLED or was_unchanged(run)


async def _ended(client: PrefectClient, before: datetime, after: datetime | None) -> AsyncIterator[FlowRun]:
    offset = 0
    while True:
        runs = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=["autoscale", "reconcile"])),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.COMPLETED, StateType.CANCELLED])),
                end_time=FlowRunFilterEndTime(before_=before, after_=after),
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_ASC,
            limit=PAGE_SIZE,
            offset=offset,
        )
        for run in runs:
            yield run
        if len(runs) < PAGE_SIZE:
            return
        offset += PAGE_SIZE
