"""Keep one schedule of the deployment `backup` for each stack that has data: a stack's time is seen in the UI.

Provision, teardown and a changed file show in the ledger, and the next look puts the schedules right.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.objects import DeploymentSchedule
from prefect.client.schemas.schedules import CronSchedule

from infra_specs.backup.names import moment_of
from infra_specs.backup.time import cron, is_backed_up, time_of_day
from infra_specs.errors import SpecError, TenfoldError
from infra_specs.stackfile.models.stack import Stack
from tasks.backups.catalog import names, open_vault
from tasks.base.clock import now
from tasks.base.settings import Settings
from tasks.ledger import Ledger, StackRecord

EVERY_SECONDS = 30.0
"""A look costs a question to the server; nobody waits for a schedule."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Nightly:
    """When one stack is backed up."""

    stack: Stack
    since: float
    """When its spec changed last, in seconds since the epoch."""

    @property
    def schedule(self) -> CronSchedule:
        return CronSchedule(cron=cron(self.stack.name, self.stack.backup), timezone=self.stack.backup.timezone)

    def last_due(self, moment: float) -> float:
        """When it was due last before this moment."""
        hour, minute = time_of_day(self.stack.name, self.stack.backup)
        today = datetime.fromtimestamp(moment, ZoneInfo(self.stack.backup.timezone))
        due = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
        return (due if due.timestamp() <= moment else due - timedelta(days=1)).timestamp()


class NightlyBackups:
    """Puts the schedules right, and once makes up for the backup that was due while nobody served."""

    def __init__(self, here: Settings, deployment: UUID) -> None:
        self._here, self._deployment = here, deployment
        self._made_up = False

    async def look(self, client: PrefectClient) -> None:
        """One look. What fails is done by the next one."""
        wanted = await asyncio.to_thread(nightly_backups, self._here)
        known = (await client.read_deployment(self._deployment)).schedules
        stale, missing = changes(known, wanted)
        for schedule in stale:
            await client.delete_deployment_schedule(self._deployment, schedule.id)
        if missing:
            await client.create_deployment_schedules(self._deployment, [_created(nightly) for nightly in missing])
        if not self._made_up:
            missed = await asyncio.to_thread(_missed, wanted, self._here)
            self._made_up = True
            for stack in missed:
                log.info("The backup of %s was due while nobody served: it begins now.", stack)
                await client.create_flow_run_from_deployment(self._deployment, parameters={"stack": stack})


def nightly_backups(here: Settings) -> tuple[Nightly, ...]:
    """The stacks that are up and have data. Blocks; raises LedgerError."""
    with Ledger.open(here) as ledger:
        records = [record for record in ledger.stacks.all() if record.wanted]
    read = ((record, _read(record)) for record in records)
    return tuple(Nightly(stack, record.since) for record, stack in read if stack and is_backed_up(stack))


def changes(
    known: Iterable[DeploymentSchedule], wanted: Iterable[Nightly]
) -> tuple[list[DeploymentSchedule], list[Nightly]]:
    """The schedules to delete, and those to make. One that somebody paused in the UI stays as it is."""
    missing = {nightly.stack.name: nightly for nightly in wanted}
    stale: list[DeploymentSchedule] = []
    for schedule in known:
        nightly = missing.get(schedule.slug or "")
        if nightly and schedule.schedule == nightly.schedule and schedule.parameters == {"stack": schedule.slug}:
            del missing[nightly.stack.name]
        else:
            stale.append(schedule)
    return stale, list(missing.values())


def _created(nightly: Nightly) -> DeploymentScheduleCreate:
    name = nightly.stack.name
    return DeploymentScheduleCreate(
        schedule=nightly.schedule, parameters={"stack": name}, slug=name, max_scheduled_runs=1
    )


def _missed(wanted: Iterable[Nightly], here: Settings) -> list[str]:
    """The stacks that were up when their backup was due last, and have none since."""
    moment = now()
    with Ledger.open(here) as ledger:
        return [
            nightly.stack.name
            for nightly in wanted
            if nightly.since <= (due := nightly.last_due(moment)) and _is_older(ledger, nightly.stack, here, due)
        ]


def _is_older(ledger: Ledger, stack: Stack, here: Settings, due: float) -> bool:
    """Whether the newest backup of a stack began before this moment. False where its store does not say."""
    try:
        newest = next(iter(names(open_vault(ledger, stack, here.home), stack.name)), "")
    except TenfoldError as error:
        log.warning("Nobody can tell whether %s was backed up: %s", stack.name, error)
        return False
    return (moment_of(newest) or 0.0) < due


def _read(record: StackRecord) -> Stack | None:
    try:
        return record.stack()
    except SpecError:  # its runs say why
        return None
