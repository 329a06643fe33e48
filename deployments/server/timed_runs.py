"""Schedules of a stack's own: each is a schedule, with parameters, of a deployment that all stacks share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule

TRUSTED_SECONDS = 600.0
"""Seconds for which the server's schedules are taken for what they were: to read 200 of them costs it a second."""


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

        The server is not asked while the same are wanted that it had when it was asked last, for `TRUSTED_SECONDS`.
        """
        now = monotonic()
        if self._right == tuple(wanted) and now - self._looked < TRUSTED_SECONDS:
            return
        self._right = None  # until all of it is done
        known = (await client.read_deployment(self._deployment)).schedules
        stale, missing = changes(known, wanted)
        for schedule in stale:
            await client.delete_deployment_schedule(self._deployment, schedule.id)
        if missing:
            await client.create_deployment_schedules(self._deployment, [_created(timed) for timed in missing])
        self._right, self._looked = tuple(wanted), now


def _created(timed: TimedRun) -> DeploymentScheduleCreate:
    return DeploymentScheduleCreate(
        schedule=timed.schedule, parameters=dict(timed.parameters), slug=timed.slug, max_scheduled_runs=1
    )
