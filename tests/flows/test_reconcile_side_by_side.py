"""Reconcile looks at stacks side by side: a target that hangs holds up no stack on another one."""

import asyncio
import time
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from prefect.context import AsyncClientContext

import flows.engine.frame
import flows.reconcile
from flows.provision import provision
from flows.reconcile import reconcile
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.target import Memory
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tests.flows.going import done, go
from tests.flows.shop import addresses, observed
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]


class Hanging(MemoryProvider):
    """Does not answer about some stacks until it is told to."""

    def __init__(self, home: Path, stacks: tuple[str, ...], answers: Event) -> None:
        super().__init__(home / "memory")
        self._stacks, self._answers = stacks, answers

    def observe(self, stack: str) -> tuple[Instance, ...]:
        if stack in self._stacks:
            self._answers.wait()
        return super().observe(stack)


def small(name: str) -> dict[str, Any]:
    services = {"web": {"command": "run", "port": 80, "replicas": {"min": 1, "max": 1}}}
    return {"name": name, "target": {"provider": "memory"}, "services": services}


async def provisioned(home: Path, names: list[str]) -> MemoryProvider:
    """Stacks that have each lost their replica."""
    world = MemoryProvider(home / "memory")
    for name in names:
        await done(provision, spec=small(name), source="/srv")
        world.destroy(next(instance for instance in observed(home, name) if instance.address == "replica/web-0"))
    return world


def repaired(home: Path, names: list[str]) -> bool:
    return all("replica/web-0" in addresses(home, name) for name in names)


@pytest.mark.parametrize(
    ("stacks", "hanging", "at_once"), [(20, 3, 16), (6, 3, 2)], ids=["twenty", "no turns"]
)  # fmt: skip
async def test_stacks_on_other_targets_are_repaired_while_some_hang(
    home: Path, monkeypatch: pytest.MonkeyPatch, stacks: int, hanging: int, at_once: int
) -> None:
    names = [f"shop-{number:02}" for number in range(stacks)]
    hung, others = names[:hanging], names[hanging:]
    await provisioned(home, names)
    answers = Event()
    monkeypatch.setattr(flows.engine.frame, "open_provider", lambda *_: Hanging(home, tuple(hung), answers))
    monkeypatch.setattr(flows.reconcile, "MAX_STACKS", at_once)
    monkeypatch.setattr(flows.reconcile, "TURN_SECONDS", 0.2)
    began = time.monotonic()
    running = asyncio.create_task(go(reconcile))
    try:
        await asyncio.to_thread(wait_until, lambda: repaired(home, others), "the others are repaired")
        print(f"{len(others)} stacks repaired in {time.monotonic() - began:.1f} s while {hanging} targets hang")
        assert not running.done()
        assert not any("replica/web-0" in addresses(home, name) for name in hung)
    finally:
        answers.set()
        state = await running
    assert state.is_completed(), state.message
    assert repaired(home, names)


async def test_a_stack_is_looked_at_no_oftener_than_its_target_says(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await provisioned(home, ["shop"])
    monkeypatch.setattr(Memory, "reconcile_seconds", 600.0)
    assert await done(reconcile) != "0 stacks looked at, 0 changes"
    assert repaired(home, ["shop"])
    world.destroy(next(instance for instance in observed(home, "shop") if instance.address == "replica/web-0"))
    assert await done(reconcile) == "0 stacks looked at, 0 changes"
    assert not repaired(home, ["shop"]), "it was looked at less than ten minutes ago"
    await done(reconcile, stack="shop")
    assert repaired(home, ["shop"]), "a person's own run is not kept waiting"


async def test_a_stack_is_looked_at_again_once_its_targets_seconds_are_over(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await provisioned(home, ["shop"])
    monkeypatch.setattr(Memory, "reconcile_seconds", 600.0)
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("test"), 60)
        ledger.stacks.mark_reconciled(lease)
        ledger.locks.release(lease)
    assert await done(reconcile) == "0 stacks looked at, 0 changes"
    later = time.time() + 601
    monkeypatch.setattr(flows.reconcile, "now", lambda: later)
    await done(reconcile)
    assert repaired(home, ["shop"])


async def test_on_a_timer_a_stack_that_hangs_is_named_and_looked_at_on(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await provisioned(home, ["shop", "stuck"])
    answers = Event()
    monkeypatch.setattr(flows.engine.frame, "open_provider", lambda *_: Hanging(home, ("stuck",), answers))
    monkeypatch.setattr(flows.reconcile, "is_asked_for", lambda: False)
    monkeypatch.setattr(flows.reconcile, "LOOK_SECONDS", 1.0)
    async with AsyncClientContext.get_or_create():  # as in the process of the scheduled runs
        try:
            assert (await done(reconcile)).endswith("; looked at on, after 1 s: stuck")
            assert repaired(home, ["shop"])
            assert (await done(reconcile)).endswith("; looked at on, after 1 s: stuck"), "and no second look began"
        finally:
            answers.set()
        await asyncio.to_thread(wait_until, lambda: repaired(home, ["stuck"]), "it is repaired by the first look", 60)
        assert "stuck" not in await done(reconcile)
