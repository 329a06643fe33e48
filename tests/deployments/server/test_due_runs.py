"""Which of the runs that are due is run where, and that none piles up."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import FlowRun

import deployments.server.due_runs
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


def chosen(
    *runs: FlowRun, busy: Mapping[UUID, UUID] | None = None
) -> tuple[list[FlowRun], list[FlowRun], list[FlowRun]]:
    choice = choose(runs, SCHEDULED.keys(), busy or {}, now)
    return list(choice.take), list(choice.start), list(choice.drop)


def test_nothing_is_due() -> None:
    assert chosen() == ([], [], [])


def test_of_those_that_piled_up_the_newest_is_started_and_the_others_are_dropped() -> None:
    old, new, middle, next_one = (run(AUTOSCALE, seconds) for seconds in (-45, -15, -30, 0.5))
    assert chosen(old, new, middle, next_one) == ([], [new], [old, middle])


JOB = uuid4()


def late(name: str, seconds: float, *, asked_for: bool = False) -> FlowRun:
    return run(JOB, seconds, asked_for=asked_for).model_copy(update={"parameters": {"stack": "shop", "name": name}})


def test_of_a_stacks_own_schedule_the_newest_is_taken_after_an_outage_of_days() -> None:
    """Each day a run of it was made; the jobs beside it, and what somebody asked for, are others."""
    monday, tuesday, wednesday = (late("nightly", seconds) for seconds in (-172_800, -86_400, -1))
    other, asked, soon = late("hourly", -90_000), late("nightly", -100_000, asked_for=True), late("nightly", 3)
    take, start, drop = chosen(tuesday, monday, wednesday, other, asked, soon)
    assert ({run.id for run in take}, start) == ({wednesday.id, other.id, asked.id}, [])
    assert {run.id for run in drop} == {monday.id, tuesday.id}


def test_while_one_is_at_work_the_newest_waits_and_the_others_are_dropped() -> None:
    old, new, other = run(AUTOSCALE, -30), run(AUTOSCALE, -15), run(RECONCILE, -1)
    assert chosen(old, new, other, busy={AUTOSCALE: uuid4()}) == ([], [other], [old])


def test_the_run_at_work_is_not_dropped_while_the_server_still_calls_it_scheduled() -> None:
    at_work, old, new = (run(AUTOSCALE, seconds) for seconds in (-40, -30, -15))
    assert chosen(at_work, old, new, busy={AUTOSCALE: at_work.id}) == ([], [], [old])


def test_the_first_that_is_not_due_yet_waits_for_its_time() -> None:
    later, sooner = run(AUTOSCALE, 5), run(AUTOSCALE, 1)
    assert chosen(later, sooner) == ([], [sooner], [])


def test_what_somebody_asked_for_gets_a_process_of_its_own_once_it_is_due() -> None:
    theirs, check, later = (
        run(SCALE, 0, asked_for=True),
        run(AUTOSCALE, -9, asked_for=True),
        run(SCALE, 1, asked_for=True),
    )
    assert chosen(theirs, check, later, run(AUTOSCALE, 1), busy={AUTOSCALE: uuid4()}) == ([theirs, check], [], [])


def test_each_run_of_drift_is_started_once_beside_the_schedule() -> None:
    first, second = (run(RECONCILE, -1, asked_for=True).model_copy(update={"tags": [DRIFT]}) for _ in range(2))
    tick = run(RECONCILE, 1)
    assert chosen(first, second, tick) == ([], [first, second, tick], [])
    assert chosen(first, second, tick, busy={first.id: first.id, RECONCILE: uuid4()}) == ([], [second], [])


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

    def __init__(self, fault: Exception | None = None) -> None:
        self.ran: list[tuple[str, UUID]] = []
        self.over = asyncio.Event()
        self.fault = fault

    async def run(self, flow: str, run: FlowRun) -> None:
        self.ran.append((flow, run.id))
        await self.over.wait()
        if self.fault:
            raise self.fault


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


async def turns() -> None:
    """Let everything go on that waits for nothing."""
    for _ in range(20):
        await asyncio.sleep(0)


async def take_none(_: Sequence[FlowRun]) -> None:
    raise AssertionError


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still, and no pause ends."""
    monkeypatch.setattr(tasks.base.clock, "now", now.timestamp)
    monkeypatch.setattr(deployments.server.due_runs, "POLL_SECONDS", 3600.0)


async def looks_at(due: DueRuns, client: Any, count: int) -> None:
    for _ in range(count):
        due.push()
        await due.look(client)
        await turns()


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize(("fault", "tries"), [(OSError("no room for a process"), 1), (None, 2)])
async def test_a_run_that_cannot_begin_is_not_tried_again_without_a_pause(fault: Exception | None, tries: int) -> None:
    warm = Warm(fault)
    warm.over.set()
    due = DueRuns([], SCHEDULED, take_none, warm.run)
    await looks_at(due, Server(run(AUTOSCALE, -1)), 5)
    assert len(warm.ran) == tries
    await due.close()


async def test_after_a_pause_a_run_that_could_not_begin_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.base.clock, "now", now.timestamp)
    monkeypatch.setattr(deployments.server.due_runs, "POLL_SECONDS", 0.01)
    warm, client = Warm(OSError("no room for a process")), Server(run(AUTOSCALE, -1))
    warm.over.set()
    due = DueRuns([], SCHEDULED, take_none, warm.run)

    async def tries() -> int:
        await looks_at(due, client, 1)
        return len(warm.ran)

    assert await until(tries, lambda count: count == 3, 60)
    await due.close()


@pytest.mark.usefixtures("still")
async def test_nothing_begins_after_it_was_closed() -> None:
    warm, waits, before = Warm(), run(AUTOSCALE, 3600), asyncio.all_tasks()
    due = DueRuns([], SCHEDULED, take_none, warm.run)
    at_work = run(RECONCILE, -1)
    await looks_at(due, Server(waits, at_work), 1)
    await due.close()
    assert warm.ran == [("reconcile", at_work.id)]
    assert asyncio.all_tasks() == before, "nothing waits for its time"


class Slow(Server):
    """Its answer is read after the run that it tells of has ended."""

    def __init__(self, warm: Warm, *runs: FlowRun) -> None:
        super().__init__(*runs)
        self.warm = warm

    async def read_flow_runs(self, **_: Any) -> list[FlowRun]:
        runs = await super().read_flow_runs()
        if self.warm.ran:
            self.warm.over.set()
            await turns()
        return runs


@pytest.mark.usefixtures("still")
async def test_a_run_that_ended_while_the_server_answered_is_neither_taken_again_nor_dropped() -> None:
    warm, ended, newer = Warm(), run(AUTOSCALE, -15), run(AUTOSCALE, -1)
    server = Slow(warm, ended)
    due = DueRuns([], SCHEDULED, take_none, warm.run)
    await looks_at(due, server, 1)
    await looks_at(due, server, 1)
    assert warm.ran == [("autoscale", ended.id)]
    warm.over.clear()
    server.runs = [newer]
    await looks_at(due, server, 1)
    assert [flow_run for _, flow_run in warm.ran] == [ended.id, newer.id]
    assert server.cancelled == []
    await due.close()


async def test_every_flow_on_a_schedule_can_run_in_the_warm_process() -> None:
    assert {deployment.name for deployment in await scheduled_deployments(Intervals(15, 30))} == FLOWS.keys()
