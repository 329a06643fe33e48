"""What a crash leaves in Prefect's books is put right: runs whose process is gone, ticks that nobody waits for."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort
from prefect.states import Cancelled, Crashed

from tasks.presence import absent, forget
from tasks.settings import Settings

every_seconds = 10.0
pending_seconds = 120.0
"""How long a run may take from being picked up to its first line, before it is taken for lost."""
at_once = 200
"""Runs that the server gives in one answer."""
ours = DeploymentFilter(tags=DeploymentFilterTags(all_=["tenfold"]))


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
    every = await _intervals(client) if late else {}
    for run in late:
        due = run.expected_start_time
        if run.auto_scheduled and due and now - due > 2 * every.get(run.deployment_id, timedelta.max / 2):
            await client.set_flow_run_state(run.id, Cancelled(message="Its time had passed."), force=True)
            ended.append(run.name)
    return tuple(ended)


async def _intervals(client: PrefectClient) -> dict[UUID | None, timedelta]:
    """How often each deployment that is on a timer runs."""
    found = await client.read_deployments(deployment_filter=ours, sort=DeploymentSort.NAME_ASC, limit=at_once)
    return {
        one.id: schedule.schedule.interval
        for one in found
        for schedule in one.schedules
        if isinstance(schedule.schedule, IntervalSchedule)
    }


async def _runs(client: PrefectClient, *states: StateType) -> list[FlowRun]:
    """The oldest of them, as many as the server gives at once: there is always another sweep."""
    return await client.read_flow_runs(
        deployment_filter=ours,
        flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))),
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=at_once,
    )


def _age(run: FlowRun, now: datetime) -> timedelta:
    return now - run.state.timestamp if run.state else timedelta()
