"""The runs that change stacks and have not ended, as Prefect's API lists them."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort

CHANGING_FLOWS = ("scale", "provision", "deploy", "rollback", "teardown")
"""Flows whose runs change a stack because somebody asked for it."""
ACTIVE_STATES = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
PAGE_SIZE = 200
"""Runs in one answer of the server."""


async def active_runs(client: PrefectClient, due: datetime) -> AsyncIterator[FlowRun]:
    """The runs that were due before this moment and have not ended, the newest first."""
    offset = 0
    while True:
        runs = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=list(CHANGING_FLOWS))),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(ACTIVE_STATES))),
                expected_start_time=FlowRunFilterExpectedStartTime(before_=due),
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=PAGE_SIZE,
            offset=offset,
        )
        for run in runs:
            yield run
        if len(runs) < PAGE_SIZE:
            return
        offset += len(runs)


def stack_of(parameters: dict[str, Any]) -> str:
    """The stack that a run with these parameters changes; empty for none."""
    spec = parameters.get("spec")
    return str(parameters.get("stack") or (spec.get("name") if isinstance(spec, dict) else "") or "")
