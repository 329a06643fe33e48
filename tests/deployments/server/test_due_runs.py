"""Which of the runs that are due is run where, and that none piles up."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

import tasks.base.clock
from deployments.server.due_runs import DueRuns, choose
from deployments.server.intervals import Intervals
from deployments.server.registry import scheduled_deployments
from deployments.server.warm_runs import FLOWS
from tasks.base.poll import until
from tasks.run.tags import DRIFT

pytestmark = pytest.mark.pure
now = datetime(2026, 11, 22, tzinfo=UTC)
AUTOSCALE, RECONCILE, SCALE = uuid4(), uuid4(), uuid4()
SCHEDULED = {AUTOSCALE: "autoscale", RECONCILE: "reconcile"}


def run(deployment: UUID, seconds: float, *, asked_for: bool = False) -> FlowRun:
    """One that is due so many seconds from now."""
    due = now + timedelta(seconds=seconds)
    return FlowRun(
        id=uuid4(), flow_id=uuid4(), deployment_id=deployment, auto_scheduled=not asked_for,
        next_scheduled_start_time=due,
    )  # fmt: skip


def chosen(*runs: FlowRun, busy: Sequence[UUID] = ()) -> tuple[list[FlowRun], list[FlowRun], list[FlowRun]]:
    choice = choose(runs, SCHEDULED.keys(), busy, now)
    return list(choice.take), list(choice.start), list(choice.drop)


def test_nothing_is_due() -> None:
    assert chosen() == ([], [], [])


def test_of_those_that_piled_up_the_newest_is_started_and_the_others_are_dropped() -> None:
    old, new, middle, next_one = (run(AUTOSCALE, seconds) for seconds in (-45, -15, -30, 0.5))
    assert chosen(old, new, middle, next_one) == ([], [new], [old, middle])


def test_while_one_is_at_work_the_newest_waits_and_the_others_are_dropped() -> None:
    old, new, other = run(AUTOSCALE, -30), run(AUTOSCALE, -15), run(RECONCILE, -1)
    assert chosen(old, new, other, busy=[AUTOSCALE]) == ([], [other], [old])


def test_the_first_that_is_not_due_yet_waits_for_its_time() -> None:
    later, sooner = run(AUTOSCALE, 5), run(AUTOSCALE, 1)
    assert chosen(later, sooner) == ([], [sooner], [])


def test_what_somebody_asked_for_gets_a_process_of_its_own_once_it_is_due() -> None:
    theirs, check, later = (
        run(SCALE, 0, asked_for=True),
        run(AUTOSCALE, -9, asked_for=True),
        run(SCALE, 1, asked_for=True),
    )
    assert chosen(theirs, check, later, run(AUTOSCALE, 1), busy=[AUTOSCALE]) == ([theirs, check], [], [])


def test_each_run_of_drift_is_started_once_beside_the_schedule() -> None:
    first, second = (run(RECONCILE, -1, asked_for=True).model_copy(update={"tags": [DRIFT]}) for _ in range(2))
    tick = run(RECONCILE, 1)
    assert chosen(first, second, tick) == ([], [first, second, tick], [])
    assert chosen(first, second, tick, busy=[first.id, RECONCILE]) == ([], [second], [])


class Server:
    """Says which runs are scheduled, and hears what is made of them."""

    def __init__(self, *runs: FlowRun) -> None:
        self.runs = list(runs)
        self.looks = 0
        self.said_ready = 0
        self.cancelled: list[UUID] = []

    async def read_flow_runs(self, **_: Any) -> list[FlowRun]:
        self.looks += 1
        return list(self.runs)

    async def get_scheduled_flow_runs_for_deployments(self, *_: Any, **__: Any) -> list[FlowRun]:
        self.said_ready += 1
        return []

    async def set_flow_run_state(self, run: UUID, *_: Any, **__: Any) -> None:
        self.cancelled.append(run)


class Warm:
    """Runs until it is told that the run is over."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, UUID]] = []
        self.over = asyncio.Event()

    async def run(self, flow: str, run: FlowRun) -> None:
        self.ran.append((flow, run.id))
        await self.over.wait()
        raise OSError("whatever happens, the next one comes")


async def ran(warm: Warm, count: int) -> None:
    async def look() -> bool:
        return len(warm.ran) == count

    assert await until(look, bool, 60)


async def test_never_two_at_once_of_one_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.base.clock, "now", now.timestamp)
    first, second, other, theirs = (
        run(AUTOSCALE, -1),
        run(AUTOSCALE, 0),
        run(RECONCILE, 0),
        run(SCALE, 0, asked_for=True),
    )
    server, warm, taken = Server(first, other, theirs), Warm(), list[UUID]()

    async def take(runs: Sequence[FlowRun]) -> None:
        taken.extend(run.id for run in runs)

    due = DueRuns([SCALE], SCHEDULED, take, warm.run)
    client: Any = server
    await due.look(client)
    await ran(warm, 2)
    server.runs = [second]
    due.push()
    await due.look(client)
    assert warm.ran == [("autoscale", first.id), ("reconcile", other.id)]
    warm.over.set()
    await due.look(client)  # that a run ended is a push
    await ran(warm, 3)
    assert warm.ran[2] == ("autoscale", second.id)
    assert taken == [theirs.id]
    assert server.said_ready == 1, "it costs a write, so not with every look"


async def test_every_flow_on_a_schedule_can_run_in_the_warm_process() -> None:
    assert {deployment.name for deployment in await scheduled_deployments(Intervals(15, 30))} == FLOWS.keys()
