"""What is down is started again under its stack's lock, and left to whoever holds that."""

import asyncio
import threading
from pathlib import Path
from typing import Any, cast

import pytest
from prefect.client.orchestration import PrefectClient

from deployments.server import restart_down
from deployments.server.restart_down import Restarts
from infra_specs.errors import TransientError
from infra_specs.resources.instance import Health, Instance
from infra_specs.stackfile.reading.load import load
from tasks.base.settings import Settings, settings
from tasks.ledger import Ledger, Owner
from tasks.providers.memory import MemoryProvider

pytestmark = pytest.mark.local

HUNG = Instance("shop", "database/main", "database", "f", 1, Health("failed", "does not answer", 0.0))
nobody = cast(PrefectClient, None)


class Target:
    """A target on which one instance is down until it is started again."""

    def __init__(self) -> None:
        self.is_down: tuple[Instance, ...] = (HUNG,)
        self.restarted: list[str] = []
        self.silent = False

    def down(self, stack: str) -> tuple[Instance, ...]:
        if self.silent:
            raise TransientError(f"the target of {stack} does not answer")
        return self.is_down

    def restart(self, instance: Instance) -> None:
        self.restarted.append(str(instance))
        self.is_down = ()


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("TENFOLD_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(restart_down, "TARGETS", ("memory",))
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("provision"), 60)
        spec = load("{name: shop, target: {provider: memory}, services: {web: {command: run, port: 80}}}")
        ledger.stacks.set_desired(lease, "shop", spec.model_dump(mode="json", by_alias=True), "/srv")
        ledger.locks.release(lease)
    return settings()


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Target:
    restarts = Target()
    monkeypatch.setattr(MemoryProvider, "restarts", restarts)
    return restarts


async def test_it_is_started_again_once(here: Settings, target: Target) -> None:
    looks = Restarts(here)
    for _ in range(3):
        await looks.look(nobody)
    assert target.restarted == ["database/main"]
    with Ledger.open(here) as ledger:
        assert ledger.locks.holder("shop") is None


async def test_what_does_not_come_back_is_left_to_plans(here: Settings, target: Target) -> None:
    looks = Restarts(here)
    for _ in range(3):
        await looks.look(nobody)
        target.is_down = (HUNG,)
    assert target.restarted == ["database/main"]


async def test_who_holds_the_lock_sees_by_himself(here: Settings, target: Target) -> None:
    looks = Restarts(here)
    with Ledger.open(here) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("scale"), 60)
        await looks.look(nobody)
        assert target.restarted == []
        ledger.locks.release(lease)
    await looks.look(nobody)
    assert target.restarted == ["database/main"]


async def test_a_target_that_does_not_answer_is_asked_again(here: Settings, target: Target) -> None:
    looks, target.silent = Restarts(here), True
    await looks.look(nobody)
    target.silent = False
    await looks.look(nobody)
    assert target.restarted == ["database/main"]


async def test_a_stack_that_is_torn_down_is_left_alone(here: Settings, target: Target) -> None:
    with Ledger.open(here) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("teardown"), 60)
        ledger.stacks.mark_torn_down(lease)
        ledger.locks.release(lease)
    await Restarts(here).look(nobody)
    assert target.restarted == []


async def test_one_look_at_a_stack_at_a_time(here: Settings, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    opened, nobody_else = list[MemoryProvider](), threading.Event()
    open_provider = restart_down.open_provider

    def counted(*where: Any) -> Any:
        provider = open_provider(*where)
        opened.append(provider)
        nobody_else.wait(0.5)  # for as long as a second one would take to come here
        return provider

    monkeypatch.setattr(restart_down, "open_provider", counted)
    looks = Restarts(here)
    await asyncio.gather(looks.look(nobody), looks.look_at("shop"), looks.look_at("shop"))
    assert len(opened) == 1
    assert target.restarted == ["database/main"]


async def test_a_target_in_use_is_not_closed(here: Settings, target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, may_answer, closed = threading.Event(), threading.Event(), threading.Event()

    def down(_: str) -> tuple[Instance, ...]:
        asked.set()
        may_answer.wait()
        assert not closed.is_set()
        return ()

    monkeypatch.setattr(target, "down", down)
    monkeypatch.setattr(MemoryProvider, "close", lambda _: closed.set())
    looks = Restarts(here)
    looking = asyncio.create_task(looks.look_at("shop"))
    await asyncio.to_thread(asked.wait)
    with Ledger.open(here) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("teardown"), 60)
        ledger.stacks.mark_torn_down(lease)
        ledger.locks.release(lease)
    leaving = asyncio.create_task(looks.look(nobody))
    assert not await asyncio.to_thread(closed.wait, 0.5)
    may_answer.set()
    await asyncio.gather(looking, leaving)
    assert closed.is_set()
