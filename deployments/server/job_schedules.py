"""Keep one schedule of the deployment `job` for each job of each stack that is up: its times are seen in the UI.

Provision, teardown and a changed file show in the ledger, and the next look puts the schedules right.
"""

import asyncio
from collections.abc import Iterable
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.schedules import CronSchedule

from deployments.server.timed_runs import DeploymentSchedules, TimedRun
from infra_specs.errors import SpecError
from infra_specs.stackfile.models.stack import Stack
from tasks.base.settings import Settings
from tasks.ledger import Ledger, StackRecord


class JobSchedules:
    """Puts the schedules right."""

    def __init__(self, here: Settings, deployment: UUID) -> None:
        self._here, self._schedules = here, DeploymentSchedules(deployment)

    async def look(self, client: PrefectClient) -> None:
        """One look. What fails is done by the next one."""
        await self._schedules.put_right(client, await asyncio.to_thread(_wanted, self._here))


def job_runs(stacks: Iterable[Stack]) -> tuple[TimedRun, ...]:
    """When which job of these stacks is run."""
    return tuple(
        TimedRun(
            f"{stack.name}.{name}",
            CronSchedule(cron=job.cron, timezone=job.timezone),
            {"stack": stack.name, "name": name},
        )
        for stack in stacks
        for name, job in stack.jobs.items()
    )


def _wanted(here: Settings) -> tuple[TimedRun, ...]:
    with Ledger.open(here) as ledger:
        records = [record for record in ledger.stacks.all() if record.wanted]
    return job_runs(stack for record in records if (stack := _read(record)))


def _read(record: StackRecord) -> Stack | None:
    try:
        return record.stack()
    except SpecError:  # its runs say why
        return None
