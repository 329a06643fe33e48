"""What a crash leaves in Prefect's books is put right: runs whose process is gone, ticks that nobody waits for."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Cancelled, Crashed

from tasks.presence import absent, forget
from tasks.settings import Settings

every_seconds = 10.0
pending_seconds = 120.0
"""How long a run may take from being picked up to its first line, before it is taken for lost."""
at_once = 200
"""Runs that the server gives in one answer."""
log = logging.getLogger(__name__)


async def sweep_for_ever(here: Settings) -> None:
    """Sweep now and every ten seconds; a server that is away for a moment is asked again next time."""
    while True:
        try:
            async with get_client() as client:
                await sweep(client, here)
        except (OSError, PrefectHTTPStatusError) as away:
            log.warning("Not swept: %s", away)
        await asyncio.sleep(every_seconds)


async def sweep(client: PrefectClient, here: Settings) -> tuple[str, ...]:
    """One sweep; returns the names of the runs that it put right."""
    running = await _runs(client, StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)
    late = await _runs(client, StateType.SCHEDULED)
    now, ended = datetime.now(UTC), list[str]()
    for run in running:
        if absent(here.home, str(run.id)):
            await client.set_flow_run_state(run.id, Crashed(message="Its process is gone."), force=True)
            forget(here.home, str(run.id))
            ended.append(run.name)
        elif run.state_type is StateType.PENDING and _age(run, now) > timedelta(seconds=pending_seconds):
            await client.set_flow_run_state(run.id, Crashed(message="It was picked up and never began."), force=True)
            ended.append(run.name)
    for run in late:
        due = run.expected_start_time
        if run.auto_scheduled and due and now - due > timedelta(seconds=2 * here.reconcile_seconds):
            await client.set_flow_run_state(run.id, Cancelled(message="Its time had passed."), force=True)
            ended.append(run.name)
    return tuple(ended)


async def _runs(client: PrefectClient, *states: StateType) -> list[FlowRun]:
    """The oldest of them, as many as the server gives at once: there is always another sweep."""
    return await client.read_flow_runs(
        deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=["tenfold"])),
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=at_once,
    )


def _age(run: FlowRun, now: datetime) -> timedelta:
    return now - run.state.timestamp if run.state else timedelta()
