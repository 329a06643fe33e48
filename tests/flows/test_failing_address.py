"""An address that fails holds up no other's repair, and rests by its own failures alone."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import flows.reconcile
from flows.provision import provision
from flows.reconcile import reconcile
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.memory import MemoryProvider
from tests.flows.going import done, failed
from tests.flows.shop import observed, runs
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]

SPEC: dict[str, Any] = {
    "name": "shop",
    "target": {"provider": "memory"},
    "services": {
        name: {"command": "run", "port": 80, "replicas": 1, "route": {"path": f"/{name}"}} for name in ("bad", "good")
    },
}


@pytest.fixture(autouse=True)
def on_a_timer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reconcile is one of the timer."""
    monkeypatch.setattr(flows.reconcile, "is_asked_for", lambda: False)


def serving(home: Path) -> list[str]:
    return sorted(str(seen) for seen in observed(home) if seen.kind == "replica" and seen.live)


def remove(home: Path, *addresses: str) -> None:
    """Somebody removes what runs there."""
    world = MemoryProvider(home / "memory")
    for instance in world.observe("shop"):
        if instance.address in addresses:
            world.destroy(instance)


@pytest.fixture
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were created. The target refuses `replica/bad-0` as long as `refused` is among them."""
    addresses = ["refused"]
    create = MemoryProvider.create

    def refusing(self: MemoryProvider, resource: Resource) -> Instance:
        addresses.append(resource.address)
        if resource.address == "replica/bad-0" and "refused" in addresses:
            raise ProviderError("this image has been lost")
        return create(self, resource)

    monkeypatch.setattr(MemoryProvider, "create", refusing)
    return addresses


async def test_the_others_are_repaired_now_and_at_the_next_look(
    home: Path, tried: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried.remove("refused")
    await done(provision, spec=SPEC, source="/srv")
    tried[:] = ["refused"]
    remove(home, "replica/bad-0", "replica/good-0")
    assert "this image has been lost" in await failed(reconcile)
    assert serving(home) == ["replica/good-0"]
    route = next(seen for seen in observed(home) if seen.address == "route/good")
    assert route.health.state == "healthy"
    remove(home, "replica/good-0")
    tried[:] = ["refused"]
    await done(reconcile)
    assert serving(home) == ["replica/good-0"]
    assert "replica/bad-0" not in tried, "it rests"
    number = len(runs())
    message = await done(reconcile)
    assert message.startswith("nothing to do: 4 as wanted; replica/bad-0 failed and is left alone until "), message
    assert len(runs()) == number, "nothing is left to do but what rests"
    tried.remove("refused")
    monkeypatch.setattr(flows.reconcile, "now", lambda: now() + 2 * settings().reconcile_seconds + 1)
    await done(reconcile)
    assert serving(home) == ["replica/bad-0", "replica/good-0"]


async def test_a_replica_that_crashes_again_and_again_rests(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await done(provision, spec=SPEC, source="/srv")
    world, create = MemoryProvider(home / "memory"), MemoryProvider.create
    crashed = Health("failed", "exited with 1", now())

    def crashing(self: MemoryProvider, resource: Resource) -> Instance:
        instance = create(self, resource)
        if resource.address != "replica/bad-0":
            return instance
        self.set_health("shop", "replica/bad-0", crashed)
        return replace(instance, health=crashed)

    monkeypatch.setattr(MemoryProvider, "create", crashing)
    world.set_health("shop", "replica/bad-0", crashed)
    assert "exited with 1" in await failed(reconcile)
    assert [change.text for change in runs()[0].changes if change.action == "destroy"] == [
        "- replica/bad-0 (an older sick instance)"
    ]
    remove(home, "replica/good-0")
    await done(reconcile)
    assert serving(home) == ["replica/good-0"]
    assert [str(seen) for seen in observed(home) if seen.address == "replica/bad-0"] == ["replica/bad-0#2"], "it rests"


async def test_two_stacks_together_say_what_is_left_alone(home: Path, tried: list[str]) -> None:
    tried.remove("refused")
    await done(provision, spec=SPEC, source="/srv")
    await done(provision, spec={**SPEC, "name": "blog"}, source="/srv")
    tried.append("refused")
    remove(home, "replica/bad-0")
    await failed(reconcile)
    assert await done(reconcile) == ("2 stacks looked at, 0 changes; left alone after failures: shop replica/bad-0")


@pytest.mark.parametrize("stack", ["shop", ""])
async def test_by_hand_nothing_rests(home: Path, tried: list[str], monkeypatch: pytest.MonkeyPatch, stack: str) -> None:
    tried.remove("refused")
    await done(provision, spec=SPEC, source="/srv")
    tried.append("refused")
    remove(home, "replica/bad-0")
    await failed(reconcile)
    tried.remove("refused")
    await done(reconcile)
    assert serving(home) == ["replica/good-0"]
    monkeypatch.setattr(flows.reconcile, "is_asked_for", lambda: True)
    await done(reconcile, stack=stack)
    assert serving(home) == ["replica/bad-0", "replica/good-0"]


async def test_a_copy_that_fails_while_it_is_waited_for_gets_a_successor_at_once(home: Path) -> None:
    await done(provision, spec=SPEC, source="/srv")
    world = MemoryProvider(home / "memory")
    world.set_health("shop", "replica/bad-0", Health("starting", "restarted", now()))
    remove(home, "replica/good-0")

    def sicken() -> None:
        wait_until(_is_waited_for, "the reconcile waits for the copy")
        world.set_health("shop", "replica/bad-0", Health("failed", "exited with 1", now()))

    accident = asyncio.create_task(asyncio.to_thread(sicken))
    await done(reconcile)
    await accident
    assert serving(home) == ["replica/bad-0#2", "replica/good-0"]
    assert [run.state for run in runs()] == ["done", "done"]


async def test_a_release_that_was_never_proven_rests_as_a_whole(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = SPEC["services"]
    spec = {**SPEC, "services": {**services, "bad": {**services["bad"], "command": "false"}}}
    await failed(provision, spec=spec, source="/srv")
    number = len(runs())
    await done(reconcile)
    assert len(runs()) == number, "it rests"
    monkeypatch.setattr(flows.reconcile, "now", lambda: now() + 2 * settings().reconcile_seconds + 1)
    await failed(reconcile)
    with Ledger.open(settings()) as ledger:
        assert [release.state for release in ledger.releases.all("shop")] == ["failed"]


def _is_waited_for() -> bool:
    with Ledger.open(settings()) as ledger:
        changes = (change for run in ledger.runs.history("shop", 1) for change in run.changes)
        return any(change.action == "wait" and change.state == "intended" for change in changes)
