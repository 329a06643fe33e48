"""Schedules of a stack's own: each is a schedule, with parameters, of a deployment that all stacks share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import DeploymentSchedule, StateType
from prefect.client.schemas.schedules import CronSchedule

from tasks.base.clock import utc_now

TRUSTED_SECONDS = 600.0
"""Seconds for which the server's schedules are taken for what they were: to read 200 of them costs it a second."""

DUE_SECONDS = 600.0
"""Seconds after its time for which a run that has not begun keeps its schedules from being changed."""


@dataclass(frozen=True, slots=True)
class TimedRun:
    """When a flow is run for a stack. `slug`: its name among all schedules of the flow's deployment."""

    slug: str
    schedule: CronSchedule
    parameters: Mapping[str, str | bool]


def changes(
    known: Iterable[DeploymentSchedule], wanted: Iterable[TimedRun]
) -> tuple[list[DeploymentSchedule], list[TimedRun]]:
    """The schedules to delete, and those to make. One that somebody paused in the UI stays as it is."""
    missing = {timed.slug: timed for timed in wanted}
    stale: list[DeploymentSchedule] = []
    for schedule in known:
        timed = missing.get(schedule.slug or "")
        if timed and schedule.schedule == timed.schedule and schedule.parameters == timed.parameters:
            del missing[timed.slug]
        else:
            stale.append(schedule)
    return stale, list(missing.values())


class DeploymentSchedules:
    """The schedules of one deployment."""

    def __init__(self, deployment: UUID) -> None:
        self._deployment = deployment
        self._right: tuple[TimedRun, ...] | None = None
        self._looked = float("-inf")

    async def put_right(self, client: PrefectClient, wanted: Sequence[TimedRun]) -> None:
        """Have the deployment these schedules and no others. All that are missing are made by one request.

        Prefect removes the waiting runs of all schedules with one of them. So none is removed while a run is due, and
        the runs to come are asked for afterwards.
        The server is not asked while the same are wanted that it had when it was asked last, for `TRUSTED_SECONDS`.
        """
        now = monotonic()
        if self._right == tuple(wanted) and now - self._looked < TRUSTED_SECONDS:
            return
        self._right = None  # until all of it is done
        known = await client.read_deployment(self._deployment)
        stale, missing = changes(known.schedules, wanted)
        if stale and await self._is_due(client):
            return
        for schedule in stale:
            await client.delete_deployment_schedule(self._deployment, schedule.id)
        if missing:
            await client.create_deployment_schedules(self._deployment, [_created(timed) for timed in missing])
        if stale and not known.paused:
            path = {"id": self._deployment}
            await client.request("POST", "/deployments/{id}/schedule", path_params=path, json={})
        self._right, self._looked = tuple(wanted), now

    async def _is_due(self, client: PrefectClient) -> bool:
        """Whether a run of the deployment was due a moment ago, and has not begun."""
        until = utc_now()
        waiting = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            expected_start_time=FlowRunFilterExpectedStartTime(
                before_=until, after_=until - timedelta(seconds=DUE_SECONDS)
            ),
        )
        of_ours = DeploymentFilter(id=DeploymentFilterId(any_=[self._deployment]))
        return bool(await client.read_flow_runs(deployment_filter=of_ours, flow_run_filter=waiting, limit=1))


def _created(timed: TimedRun) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        schedule=timed.schedule, parameters=dict(timed.parameters), slug=timed.slug, max_scheduled_runs=1
    )
