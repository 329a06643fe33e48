"""What a target tells becomes a run of reconcile: one at a time for a stack, none while a run of ours changes it."""

import asyncio
import queue
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from prefect.states import Completed, Running

import deployments.server.drift
from deployments.server.drift import Drift
from infra_specs.plan.drift import Event
from infra_specs.stackfile.models.target import Memory
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import Settings, settings
from tasks.ledger import Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tasks.run.tags import DRIFT, is_of_drift
from tests.support.waiting import wait_until

pytestmark = pytest.mark.pure
WEB = "replica/web-0"
ENDED = Event("shop", WEB, "ended", "exited with 137")


class Told:
    """A target that tells what a test says."""

    def __init__(self) -> None:
        self.events: queue.Queue[Event | Exception] = queue.Queue()
        self.asked: frozenset[str] = frozenset()
        """The stacks that it is listened to about."""

    def wait(self, stacks: Collection[str], seconds: float) -> tuple[Event, ...]:
        self.asked = frozenset(stacks)
        events = list[Event]()
        with suppress(queue.Empty):
            event = self.events.get(timeout=min(seconds, 0.05))
            while True:
                if isinstance(event, Exception):
                    raise event
                events.append(event)
                event = self.events.get_nowait()
        return tuple(events)


class Server:
    """Prefect's server: it remembers the runs that were started, and a test says how they are."""

    def __init__(self) -> None:
        self.runs: list[Any] = []
        self.begins: Any = Completed()
        """The state of a run that is started."""

    async def read_deployment_by_name(self, name: str) -> Any:
        assert name == "reconcile/reconcile"
        return SimpleNamespace(id=uuid4())

    async def create_flow_run_from_deployment(self, _: UUID, **run: Any) -> Any:
        self.runs.append(SimpleNamespace(id=uuid4(), why=run["state"].message, **{**run, "state": self.begins}))
        return self.runs[-1]

    async def read_flow_run(self, run: UUID) -> Any:
        return next(known for known in self.runs if known.id == run)

    @property
    def looks(self) -> list[str]:
        return [run.parameters["stack"] for run in self.runs]


class Restarts:
    """Whoever starts again what is down."""

    def __init__(self) -> None:
        self.looks: list[str] = []

    async def look_at(self, stack: str) -> None:
        self.looks.append(stack)


def provision(*names: str) -> None:
    for name in names:
        with Ledger.open(settings()) as ledger:
            lease = ledger.locks.acquire(name, Owner.here("provision"), 60)
            spec = load(f"{{name: {name}, target: {{provider: memory}}, services: {{web: {{command: a, port: 80}}}}}}")
            ledger.stacks.set_desired(lease, name, spec.model_dump(mode="json", by_alias=True), "/srv")
            ledger.locks.release(lease)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(Memory, "tells", True)
    monkeypatch.setattr(deployments.server.drift, "REFRESH_SECONDS", 0.1)
    monkeypatch.setattr(deployments.server.drift, "BUSY_SECONDS", 0.05)
    monkeypatch.setattr("infra_specs.plan.drift.GAP_SECONDS", 0.3)
    return settings()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    events = Told()
    monkeypatch.setattr(MemoryProvider, "events", events)
    return events


@asynccontextmanager
async def listening(here: Settings, restarts: Restarts | None = None) -> AsyncIterator[Server]:
    """A server while somebody listens, and after the look with which that begins."""
    server = Server()
    drift = Drift(here, cast("Any", restarts or Restarts()))
    task = asyncio.create_task(drift.listen(cast("Any", server)))
    try:
        await until(lambda: server.runs, "all are looked at")
        yield server
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], object], what: str) -> None:
    await asyncio.to_thread(wait_until, true, what)


async def test_an_end_is_looked_at_once(here: Settings, told: Told) -> None:
    provision("shop")
    async with listening(here) as server:
        assert "has begun to listen" in server.runs[0].why
        for event in (ENDED, ENDED, Event("shop", "replica/web-1", "ended", "is gone")):
            told.events.put(event)
        await until(lambda: len(server.runs) == 2, "it is looked at")
        run = server.runs[1]
        assert run.parameters == {"stack": "shop"}
        assert run.tags == [DRIFT, WEB, "replica/web-1"]
        assert is_of_drift(run)
        assert run.why == f"Asked for by drift: {WEB} exited with 137; replica/web-1 is gone"


async def test_a_storm_is_one_look_under_way_and_one_after_it(here: Settings, told: Told) -> None:
    provision("shop")
    async with listening(here) as server:
        server.begins = Running()
        told.events.put(ENDED)
        await until(lambda: len(server.runs) == 2, "it is looked at")
        for _ in range(50):
            told.events.put(ENDED)
        await until(told.events.empty, "all was heard")
        await asyncio.sleep(0.5)
        assert len(server.runs) == 2
        server.runs[1].state = Completed()
        await until(lambda: len(server.runs) == 3, "it is looked at again")
        assert told.events.empty()


async def test_what_happens_under_the_lock_waits_for_its_end(here: Settings, told: Told) -> None:
    provision("shop", "blog")
    async with listening(here) as server:
        with Ledger.open(here) as ledger:
            lease = ledger.locks.acquire("shop", Owner.here("deploy"), 60)
            told.events.put(ENDED)
            told.events.put(Event("blog", WEB, "ended"))
            await until(lambda: server.looks.count("blog") == 2, "the other stack is looked at")
            assert server.looks.count("shop") == 1
            ledger.locks.release(lease)
        await until(lambda: server.looks.count("shop") == 2, "it is looked at")


async def test_what_rests_after_a_failure_is_left_alone(here: Settings, told: Told) -> None:
    provision("shop", "blog")
    with Ledger.open(here) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("reconcile"), 60)
        ledger.runs.finish(lease, ledger.runs.begin(lease, "reconcile", "drift", {}), "failed", "no room")
        ledger.locks.release(lease)
    async with listening(here) as server:
        told.events.put(ENDED)
        told.events.put(Event("blog", WEB, "ended"))
        await until(lambda: server.looks.count("blog") == 2, "the other stack is looked at")
        assert "shop" not in server.looks


async def test_many_stacks_are_one_run(here: Settings, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra_specs.plan.drift.GAP_SECONDS", 2.0)  # all are noted meanwhile
    provision("a", "b", "c", "d")
    async with listening(here) as server:
        assert server.looks == [""]
        for name in "abcd":
            told.events.put(Event(name, "", "missed"))
        await until(lambda: len(server.runs) == 2, "all are looked at")
        assert server.looks == ["", ""]
        assert server.runs[1].tags == [DRIFT]


async def test_what_others_start_again_is_left_to_them(here: Settings, told: Told) -> None:
    provision("shop")
    restarts = Restarts()
    async with listening(here, restarts) as server:
        told.events.put(Event("shop", "database/main", "down", "exited with 137"))
        told.events.put(Event("shop", WEB, "restarts", "exited with 1"))
        await until(lambda: restarts.looks == ["shop"], "it is started again")
        assert len(server.runs) == 1


async def test_a_target_that_fails_is_heard_again_and_then_looked_at(here: Settings, told: Told) -> None:
    provision("shop")
    async with listening(here) as server:
        told.events.put(ValueError("a bug"))
        await until(lambda: len(server.runs) == 2, "it is looked at")
        assert "is heard again" in server.runs[1].why
        told.events.put(ENDED)
        await until(lambda: len(server.runs) == 3, "it is looked at")


async def test_stacks_come_and_go(here: Settings, told: Told) -> None:
    provision("shop")
    async with listening(here) as server:
        provision("blog")
        await until(lambda: told.asked == {"shop", "blog"}, "both are listened to")
        with Ledger.open(here) as ledger:
            lease = ledger.locks.acquire("shop", Owner.here("teardown"), 60)
            ledger.stacks.mark_torn_down(lease)
            ledger.locks.release(lease)
        await until(lambda: told.asked == {"blog"}, "one is left")
        told.events.put(ENDED)
        told.events.put(Event("blog", WEB, "ended"))
        await until(lambda: any(WEB in run.tags for run in server.runs), "the new one is looked at")
        assert server.looks.count("shop") == 1


async def test_what_happened_before_a_new_stack_was_listened_to_is_seen(here: Settings, told: Told) -> None:
    provision("shop")
    async with listening(here) as server:
        provision("blog")
        await until(lambda: "blog" in server.looks, "the new one is looked at")
        assert "is listened to from now on" in server.runs[1].why
        assert server.looks == ["shop", "blog"]


async def test_what_is_down_is_looked_at_once_at_a_time(here: Settings, told: Told) -> None:
    class Slow(Restarts):
        over = asyncio.Event()

        async def look_at(self, stack: str) -> None:
            await super().look_at(stack)
            await self.over.wait()

    provision("shop", "blog")
    restarts = Slow()
    async with listening(here, restarts):
        down = Event("shop", "database/main", "down", "exited with 137")
        for event in (down, down, Event("blog", "database/main", "down", "exited with 137")):
            told.events.put(event)
        await until(lambda: "blog" in restarts.looks, "the other stack is looked at")
        assert restarts.looks == ["shop", "blog"]
        restarts.over.set()
        await until(lambda: told.events.put(down) or "shop" in restarts.looks[2:], "it is looked at again")
