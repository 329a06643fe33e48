"""Stacks that share a port, on the memory target: the second moves the first, and a kill anywhere ends the same."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow

from flows.provision import provision
from flows.reconcile import reconcile
from flows.rollback import rollback
from flows.teardown import teardown
from infra_specs.resources.instance import Health
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.memory import MemoryProvider
from tests.flows.going import done, failed
from tests.support.certificates import authority
from tests.support.children import run

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
FRONT = "front_memory"
NAMES = ("shop", "blog", FRONT)
Step = tuple[Flow[..., Any], dict[str, Any]]


@pytest.fixture
def spec(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """A stack with one public service at a host of its own, and port 80 for plain HTTP."""
    files = {name: tmp_path / f"{name}.pem" for name in ("certificate", "key")}
    for file, pem in zip(files.values(), authority().issue("*.example.com"), strict=True):
        file.write_text(pem)

    def written(name: str, host: str = "") -> dict[str, Any]:
        web = {"command": "run", "port": 8000, "public": True, "route": {"host": host or f"{name}.example.com"}}
        tls = {**{key: str(path) for key, path in files.items()}, "redirect": 80}
        return {"name": name, "target": {"provider": "memory"}, "services": {"web": web}, "tls": tls}

    return written


def world(home: Path) -> dict[str, list[Any]]:
    """Everything that is there, without what may differ: times, and how often a thing was made."""
    provider = MemoryProvider(home / "memory")
    return {
        name: [
            (instance.address, instance.fingerprint, instance.health.state, dict(instance.outputs))
            for instance in provider.observe(name)
        ]
        for name in NAMES
    }


def front_ports(home: Path) -> list[str]:
    return [outputs["ports"] for _, _, _, outputs in world(home)[FRONT]]


def held(home: Path, stack: str) -> set[int]:
    return set(MemoryProvider(home / "memory").held_ports(stack))


def hosts() -> dict[str, str]:
    with Ledger.open(settings()) as ledger:
        return {claim.host: claim.stack for claim in ledger.hosts.read().claims}


async def test_a_front_comes_with_the_second_stack_and_goes_with_the_last(
    home: Path, spec: Callable[..., dict[str, Any]]
) -> None:
    await done(provision, spec=spec("shop"), source="/srv")
    assert (front_ports(home), held(home, "shop")) == ([], {80})
    await done(provision, spec=spec("blog"), source="/srv")
    assert (front_ports(home), held(home, "shop"), held(home, "blog")) == (["80"], set(), set())
    assert "nothing to do" in await done(provision, spec=spec("shop"), source="/srv")
    assert hosts() == {"shop.example.com": "shop", "blog.example.com": "blog"}
    settled = world(home)
    await done(reconcile)
    assert world(home) == settled

    await done(teardown, stack="shop")
    assert (front_ports(home), held(home, "blog")) == (["80"], set()), "it goes with the last, and costs no other"
    await done(teardown, stack="blog", delete_data=True)
    assert (front_ports(home), hosts()) == ([], {})


async def test_what_another_stack_has_is_refused_before_anything_is_touched(
    home: Path, spec: Callable[..., dict[str, Any]]
) -> None:
    await done(provision, spec=spec("shop"), source="/srv")
    before = world(home)
    told = await failed(provision, spec=spec("blog", "shop.example.com"), source="/srv")
    assert "port 80: shop.example.com is shop's already" in told
    assert "port 80: shop has it too" in await failed(provision, spec=spec("blog", "*"), source="/srv")
    assert world(home) == before
    await done(teardown, stack="shop")
    await done(provision, spec=spec("blog", "*"), source="/srv")
    assert "blog answers there for every host" in await failed(provision, stack="shop")


async def test_hosts_follow_the_release_that_runs(home: Path, spec: Callable[..., dict[str, Any]]) -> None:
    await done(provision, spec=spec("shop"), source="/srv")
    await done(provision, spec=spec("shop", "new.example.com"), source="/srv")
    assert set(hosts()) == {"shop.example.com", "new.example.com"}, "a failure would go back to the old one"
    await done(reconcile, stack="shop")
    assert set(hosts()) == {"new.example.com"}
    await done(provision, spec=spec("blog", "shop.example.com"), source="/srv")
    assert "shop.example.com is blog's already" in await failed(rollback, stack="shop")


async def test_a_front_that_is_gone_or_sick_is_repaired(home: Path, spec: Callable[..., dict[str, Any]]) -> None:
    for name in ("shop", "blog"):
        await done(provision, spec=spec(name), source="/srv")
    provider = MemoryProvider(home / "memory")
    (front,) = provider.observe(FRONT)
    provider.destroy(front)
    await done(reconcile)
    assert front_ports(home) == ["80"]
    (front,) = provider.observe(FRONT)
    provider.set_health(FRONT, front.address, Health("failed", "an accident", front.health.since))
    await done(reconcile, stack=FRONT)
    assert [state for _, _, state, _ in world(home)[FRONT]].count("healthy") == 1


@pytest.mark.parametrize("case", ["the second comes", "the last goes"])
def test_killed_at_every_outside_effect(
    case: str, home: Path, spec: Callable[..., dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    shop: Step = (provision, {"spec": spec("shop"), "source": "/srv"})
    blog: Step = (provision, {"spec": spec("blog"), "source": "/srv"})
    gone: Step = (teardown, {"stack": "shop"})
    before, (flow, parameters) = (
        ([shop], blog) if case == "the second comes" else ([shop, blog, gone], (teardown, {"stack": "blog"}))
    )
    for step in before:
        assert run(*step).state == "COMPLETED"
    start, wanted = home.with_name("start"), home.with_name("wanted")
    shutil.copytree(home, start)
    undisturbed = run(flow, parameters, only=after_an_effect)
    assert undisturbed.state == "COMPLETED", undisturbed.message
    end, claimed = world(home), hosts()
    home.rename(wanted)
    for number, point in enumerate(undisturbed.points, 1):
        shutil.copytree(start, home)
        assert run(flow, parameters, at=number, only=after_an_effect).state is None, f"it was not killed {point}"
        again = run(flow, parameters)
        assert again.state == "COMPLETED", f"killed {point}: {again.message}"
        assert world(home) == end, f"killed {point}"
        assert hosts() == claimed, f"killed {point}"
        shutil.rmtree(home)
    record_property("points", len(undisturbed.points))


def after_an_effect(point: str) -> bool:
    """Before the next effect the world is the same as after the last. What a run writes of itself other tests kill."""
    ours = ("stacks.", "hosts.", "locks.", "create", "update", "destroy", "stop")
    return point.startswith("after") and any(word in point for word in ours)
