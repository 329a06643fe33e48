"""Runs that are due, of all deployments: one poll for them all, and a push when a request may have made one due.

A run that a schedule made is the warm process's, one at a time of each flow, and so is one that drift made, one at a
time of each stack, which `drift` sees to. Every other one gets a process of its own.
On a machine that is too busy scheduled runs come late, and never pile up: of those that are due the newest is run.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled

from tasks.base.clock import utc_now
from tasks.run.tags import is_of_drift

log = logging.getLogger(__name__)
POLL_SECONDS = 5.0
"""Between two polls. Runs that a request makes due are pushed; this is for those that the server makes by itself."""
AHEAD_SECONDS = POLL_SECONDS + 1
"""A scheduled run is known so long before its time, and waits here for it."""
READY_SECONDS = 60.0
"""Between two polls of the kind by which Prefect knows that somebody takes a deployment's runs. It costs a write."""
PAGE_SIZE = 200
"""Runs that the server gives in one answer."""
MOST_RUNS = 10_000
"""Runs that one look knows of: after a long outage many are late."""

Take = Callable[[Sequence[FlowRun]], Awaitable[None]]
"""Start these runs, each in a process of its own. Returns at once; a run that is at work already is left alone."""
RunWarm = Callable[[str, FlowRun], Awaitable[None]]
"""Run a scheduled run of this flow to its end."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to do about the runs that are due, or soon will be."""

    take: tuple[FlowRun, ...]
    """Runs that somebody asked for, and the newest one of each schedule of a stack's own."""
    start: tuple[FlowRun, ...]
    """Scheduled runs, at most one of each deployment; those that are not due yet wait for their time. Runs of drift."""
    drop: tuple[FlowRun, ...]
    """Scheduled runs that a newer one takes the place of."""


def choose(runs: Iterable[FlowRun], scheduled: Collection[UUID], busy: Mapping[UUID, UUID], moment: datetime) -> Choice:
    """Decide on runs. `scheduled`: the deployments with a schedule; `busy`: the runs at work, by `work_key`."""
    take, start, drop = list[FlowRun](), list[FlowRun](), list[FlowRun]()
    by_deployment: dict[UUID, list[FlowRun]] = {}
    by_parameters: dict[tuple[UUID, str], FlowRun] = {}
    for run in runs:
        if run.auto_scheduled and run.deployment_id and run.deployment_id in scheduled:
            by_deployment.setdefault(run.deployment_id, []).append(run)
        elif _due(run) > moment:
            continue
        elif is_of_drift(run) and run.deployment_id in scheduled:
            start += [run] if run.id not in busy else []
        elif run.auto_scheduled and run.deployment_id:  # of a stack's own schedule
            key = run.deployment_id, json.dumps(run.parameters, sort_keys=True)
            older, newer = sorted((by_parameters.get(key, run), run), key=_due)
            by_parameters[key] = newer
            drop += [older] if older is not newer else []
        else:
            take.append(run)
    take += by_parameters.values()
    for deployment, own in by_deployment.items():
        past = sorted((run for run in own if _due(run) <= moment), key=_due)
        drop += [run for run in past[:-1] if run.id != busy.get(deployment)]
        if deployment not in busy:
            start.append(past[-1] if past else min(own, key=_due))
    return Choice(tuple(take), tuple(start), tuple(drop))


def work_key(run: FlowRun) -> UUID:
    """What only one run is at work for at a time: its deployment, or for drift the run itself."""
    assert run.deployment_id
    return run.id if is_of_drift(run) else run.deployment_id


class DueRuns:
    """Polls for due runs and hands them on."""

    def __init__(self, taken: Collection[UUID], scheduled: Mapping[UUID, str], take: Take, run_warm: RunWarm) -> None:
        """`scheduled`: the deployments that have a schedule, and the name of the flow of each. `taken`: the others."""
        self._deployments = [*taken, *scheduled]
        self._scheduled = scheduled
        self._take = take
        self._run_warm = run_warm
        self._at_work: dict[UUID, UUID] = {}
        """By key: the run in the warm process, from when it waits for its time."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: set[UUID] = set()
        """Runs that left the warm process and may be due still: one that comes again could not begin."""
        self._pushed = asyncio.Event()
        self._pushed.set()  # the first look is at once
        self._ready_since = float("-inf")

    def push(self) -> None:
        """A run may be due: look now."""
        self._pushed.set()

    async def look(self, client: PrefectClient) -> None:
        """Wait for the time of the next look, or for a push, and look once."""
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._pushed.wait()
        self._pushed.clear()
        await self._say_ready(client)
        now = utc_now()
        choice = choose(await self._due(client, now), self._scheduled.keys(), self._at_work, now)
        if choice.take:
            await self._take(choice.take)
        for run in choice.start:
            self._at_work[work_key(run)] = run.id
            task = asyncio.create_task(self._run(run))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        for run in choice.drop:
            await client.set_flow_run_state(run.id, Cancelled(message="A newer one is due."), force=True)

    async def close(self) -> None:
        """Begin no run any more: wait for no time, and for no run in the warm process."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _due(self, client: PrefectClient, now: datetime) -> list[FlowRun]:
        """The runs that are due. Those that ended while the server answered are left out: its answer is older."""
        before = now + timedelta(seconds=AHEAD_SECONDS)
        at_work = set(self._at_work.values())
        runs: list[FlowRun] = []
        while len(runs) < MOST_RUNS and len(runs) % PAGE_SIZE == 0:
            page = await client.read_flow_runs(
                deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=self._deployments)),
                flow_run_filter=FlowRunFilter(
                    state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                    next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=before),
                ),
                sort=FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
                limit=PAGE_SIZE,
                offset=len(runs),
            )
            if not page:
                break
            runs += page
        self._ended &= {run.id for run in runs}
        over = at_work.difference(self._at_work.values())
        return [run for run in runs if run.id not in over]

    async def _say_ready(self, client: PrefectClient) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._ready_since >= READY_SECONDS:
            await client.get_scheduled_flow_runs_for_deployments(self._deployments, scheduled_before=utc_now())
            self._ready_since = now

    async def _run(self, run: FlowRun) -> None:
        assert run.deployment_id
        flow = self._scheduled[run.deployment_id]
        try:
            await asyncio.sleep((_due(run) - utc_now()).total_seconds())
            await self._run_warm(flow, run)
            failed = run.id in self._ended
        except Exception:  # nobody awaits this
            log.exception("A run of %s did not come to its end.", flow)
            failed = True
        if failed:  # it is due still, and would be tried again without a pause
            await asyncio.sleep(POLL_SECONDS)
        self._ended.add(run.id)
        del self._at_work[work_key(run)]
        self.push()  # the next one may have become due meanwhile


def _due(run: FlowRun) -> datetime:
    """When it is due; runs of this poll have a time."""
    due = run.next_scheduled_start_time or run.expected_start_time
    assert due
    return due
