"""Keep two schedules of the deployment `backup` for each stack that has data: every night it is backed up, and once a
week its newest backup is proven again from its store. Both are seen in the UI.

Provision, teardown and a changed file show in the ledger, and the next look puts the schedules right.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.schedules import CronSchedule
from prefect.client.schemas.sorting import FlowRunSort

from deployments.server.due_runs import PAGE_SIZE
from deployments.server.timed_runs import DeploymentSchedules, TimedRun
from infra_specs.backup.names import moment_of
from infra_specs.backup.time import cron, is_backed_up, proof_cron, time_of_day
from infra_specs.errors import SpecError, TenfoldError
from infra_specs.stackfile.models.stack import Stack
from tasks.backups.catalog import names, open_vault
from tasks.base.clock import now, utc_now
from tasks.base.settings import Settings
from tasks.ledger import Ledger, StackRecord

EVERY_SECONDS = 30.0
"""A look costs a question to the server; nobody waits for a schedule."""
log = logging.getLogger(__name__)
_OPEN = (StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING)
_ENDED = (StateType.COMPLETED, StateType.FAILED)
"""A crashed run was no try, nor was one that was cancelled as too late."""


@dataclass(frozen=True, slots=True)
class Nightly:
    """When one stack is backed up."""

    stack: Stack
    since: float
    """When its spec changed last, in seconds since the epoch."""

    @property
    def schedule(self) -> CronSchedule:
        return CronSchedule(cron=cron(self.stack.name, self.stack.backup), timezone=self.stack.backup.timezone)

    @property
    def proof(self) -> TimedRun:
        """When its newest backup is proven again."""
        name, rules = self.stack.name, self.stack.backup
        schedule = CronSchedule(cron=proof_cron(name, rules), timezone=rules.timezone)
        return TimedRun(f"{name}.proof", schedule, {"stack": name, "proof": True})

    @property
    def timed(self) -> TimedRun:
        return TimedRun(self.stack.name, self.schedule, {"stack": self.stack.name})

    def last_due(self, moment: float) -> float:
        """When it was due last before this moment, as Prefect's schedule has it.

        A time that clocks repeat is due the first time. One that they skip is due as if they had been set before it.
        """
        hour, minute = time_of_day(self.stack.name, self.stack.backup)
        today = datetime.fromtimestamp(moment, ZoneInfo(self.stack.backup.timezone))
        at = today.replace(hour=hour, minute=minute, second=0, microsecond=0)
        days = (at + timedelta(days=number) for number in (-2, -1, 0, 1))  # some clocks change at midnight
        due = (min(day.replace(fold=0).timestamp(), day.replace(fold=1).timestamp()) for day in days)
        return max(time for time in due if time <= moment)


class NightlyBackups:
    """Puts the schedules right, and once makes up for the backup that was due while nobody served."""

    def __init__(self, here: Settings, deployment: UUID) -> None:
        self._here, self._deployment = here, deployment
        self._schedules = DeploymentSchedules(deployment)
        self._open: set[str] | None = None
        """The missed stacks that a run may yet back up; None before the first look."""

    async def look(self, client: PrefectClient) -> None:
        """One look. What fails is done by the next one."""
        wanted = await asyncio.to_thread(nightly_backups, self._here)
        await self._schedules.put_right(
            client, [timed for nightly in wanted for timed in (nightly.timed, nightly.proof)]
        )
        if self._open != set():
            await self._make_up(
                client, [night for night in wanted if self._open is None or night.stack.name in self._open]
            )

    async def _make_up(self, client: PrefectClient, wanted: Sequence[Nightly]) -> None:
        missed = await asyncio.to_thread(_missed, wanted, self._here)
        runs = await _runs_of(client, self._deployment, min(missed.values())) if missed else []
        begin, wait = to_make_up(missed, runs)
        for stack in begin:
            log.info("The backup of %s was due while nobody served: it begins now.", stack)
            await client.create_flow_run_from_deployment(self._deployment, parameters={"stack": stack})
        self._open = set(wait)


def nightly_backups(here: Settings) -> tuple[Nightly, ...]:
    """The stacks that are up and have data. Blocks; raises LedgerError."""
    with Ledger.open(here) as ledger:
        records = [record for record in ledger.stacks.all() if record.wanted]
    read = ((record, _read(record)) for record in records)
    return tuple(Nightly(stack, record.since) for record, stack in read if stack and is_backed_up(stack))


def to_make_up(missed: Mapping[str, float], runs: Iterable[FlowRun]) -> tuple[list[str], list[str]]:
    """The stacks to back up now, and those that a run may yet back up, by when each was due.

    A run that is late, or under way, is waited for. One that came to its end since then is all that was due.
    """
    own: dict[str, list[FlowRun]] = {stack: [] for stack in missed}
    for run in runs:
        if run.parameters.get("proof"):
            continue
        own.get(str(run.parameters.get("stack")), []).append(run)
    wait = [stack for stack in missed if any(run.state_type in _OPEN for run in own[stack])]
    done = {stack for stack, due in missed.items() if any(_ended_since(run, due) for run in own[stack])}
    return [stack for stack in missed if stack not in (*wait, *done)], wait


def _ended_since(run: FlowRun, due: float) -> bool:
    expected = run.expected_start_time
    return run.state_type in _ENDED and expected is not None and expected.timestamp() >= due


async def _runs_of(client: PrefectClient, deployment: UUID, since: float) -> list[FlowRun]:
    """The runs that were due by now and are open, and those due since a moment that came to their ends."""
    until = utc_now()
    times = (
        (_OPEN, FlowRunFilterExpectedStartTime(before_=until)),
        (_ENDED, FlowRunFilterExpectedStartTime(before_=until, after_=datetime.fromtimestamp(since, UTC))),
    )
    runs: list[FlowRun] = []
    for states, time in times:
        which = FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))), expected_start_time=time
        )
        of_ours = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        offset = 0
        while page := await client.read_flow_runs(
            deployment_filter=of_ours, flow_run_filter=which, sort=FlowRunSort.ID_DESC, limit=PAGE_SIZE, offset=offset
        ):
            runs += page
            offset += len(page)
    return runs


def _missed(wanted: Iterable[Nightly], here: Settings) -> dict[str, float]:
    """The stacks that were up when their backup was due last, and have none since: by name when it was due."""
    moment = now()
    with Ledger.open(here) as ledger:
        return {
            nightly.stack.name: due
            for nightly in wanted
            if nightly.since <= (due := nightly.last_due(moment)) and _is_older(ledger, nightly.stack, here, due)
        }


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
