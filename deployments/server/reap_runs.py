"""Correct run states after a crash: end runs whose process is gone, cancel scheduled runs that are overdue."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.client.schemas.sorting import DeploymentSort, FlowRunSort
from prefect.states import Cancelled, Crashed

from infra_specs.errors import LedgerError
from tasks.base.clock import utc_now
from tasks.base.settings import Settings
from tasks.ledger import Ledger
from tasks.run.tags import NOTABLE

log = logging.getLogger(__name__)
EVERY_SECONDS = 10.0
PENDING_SECONDS = 120.0
"""How long a run may take from being picked up to its first line, before it is taken for lost."""
SILENT_SECONDS = 120.0
"""How long a run that is said to run may be seen without a process: longer than Prefect needs to say that it began or
ended."""
LATE_SECONDS = 15.0
"""A run that is less late is not looked at: there is always another sweep."""
UNDER_WAY = (StateType.RUNNING, StateType.PENDING, StateType.CANCELLING)
PAGE_SIZE = 200
"""Runs that the server gives in one answer."""
Unseen = dict[UUID, datetime]
"""Runs without a process, and since when."""
OUR_DEPLOYMENTS = DeploymentFilter(tags=DeploymentFilterTags(all_=["tenfold"]))


async def reap(client: PrefectClient, here: Settings, unseen: Unseen) -> tuple[str, ...]:
    """Correct run states once; returns the names of the corrected runs. `unseen` persists between calls.

    While the ledger does not answer, nobody can tell which runs are alive: only overdue ones are cancelled.
    """
    ended = list[str]()
    try:
        alive = await asyncio.to_thread(_alive, here)
    except LedgerError as error:
        log.warning("No run is taken for dead. %s", error)
    else:
        ended += await _end_dead(client, here, alive, unseen)
    return (*ended, *await _cancel_late(client))


async def _end_dead(
    client: PrefectClient, here: Settings, alive: Mapping[str, bool], unseen: Unseen
) -> tuple[str, ...]:
    running = await _runs(client, FlowRunFilter(state=_in(*UNDER_WAY)))
    now, ended = utc_now(), list[str]()
    _note(unseen, [run for run in running if run.state_type is not StateType.PENDING], alive, now)
    for run in running:
        if why := _lost(run, alive, unseen, now):
            await client.set_flow_run_state(run.id, Crashed(message=why), force=True)
            await client.update_flow_run(run.id, tags=list({*run.tags, NOTABLE}))
            await asyncio.to_thread(_forget, here, str(run.id))
            ended.append(run.name)
    return tuple(ended)


async def _cancel_late(client: PrefectClient) -> tuple[str, ...]:
    """Cancel ticks that are more than two intervals late: nobody waits for them."""
    now, ended = utc_now(), list[str]()
    is_late = FlowRunFilterExpectedStartTime(before_=now - timedelta(seconds=LATE_SECONDS))
    late = await _runs(client, FlowRunFilter(state=_in(StateType.SCHEDULED), expected_start_time=is_late))
    every = await _intervals(client) if late else {}
    for run in late:
        due = run.expected_start_time
        if run.auto_scheduled and due and now - due > 2 * every.get(run.deployment_id, timedelta.max / 2):
            await client.set_flow_run_state(run.id, Cancelled(message="Its time had passed."), force=True)
            ended.append(run.name)
    return tuple(ended)


def _alive(here: Settings) -> dict[str, bool]:
    with Ledger.open(here) as ledger:
        return ledger.liveness.alive()


def _forget(here: Settings, flow_run: str) -> None:
    with Ledger.open(here) as ledger:
        ledger.liveness.forget(flow_run)


def _note(unseen: Unseen, running: list[FlowRun], alive: Mapping[str, bool], now: datetime) -> None:
    """Since when each of these runs was seen without a process: a crash just before its end leaves no trace."""
    untraced = {run.id for run in running if str(run.id) not in alive}
    for gone in unseen.keys() - untraced:
        del unseen[gone]
    for run in untraced - unseen.keys():
        unseen[run] = now


def _lost(run: FlowRun, alive: Mapping[str, bool], unseen: Unseen, now: datetime) -> str | None:
    """Why a run that is under way in Prefect's books is not; None if it may be."""
    if alive.get(str(run.id)) is False:
        return "Its process is gone."
    if run.state_type is StateType.PENDING and _age(run, now) > timedelta(seconds=PENDING_SECONDS):
        return "It was picked up and never began."
    if now - unseen.get(run.id, now) > timedelta(seconds=SILENT_SECONDS):
        return "Its process is gone, and did not say how it ended."
    return None


async def _intervals(client: PrefectClient) -> dict[UUID | None, timedelta]:
    """How often each deployment that is on a timer runs."""
    deployments = await client.read_deployments(
        deployment_filter=OUR_DEPLOYMENTS, sort=DeploymentSort.NAME_ASC, limit=PAGE_SIZE
    )
    return {
        deployment.id: schedule.schedule.interval
        for deployment in deployments
        for schedule in deployment.schedules
        if isinstance(schedule.schedule, IntervalSchedule)
    }


def _in(*states: StateType) -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states)))


async def _runs(client: PrefectClient, which: FlowRunFilter) -> list[FlowRun]:
    """The oldest of them, as many as the server gives at once: there is always another sweep."""
    return await client.read_flow_runs(
        deployment_filter=OUR_DEPLOYMENTS,
        flow_run_filter=which,
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=PAGE_SIZE,
    )


def _age(run: FlowRun, now: datetime) -> timedelta:
    return now - run.state.timestamp if run.state else timedelta()
