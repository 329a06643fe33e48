"""The fleet of a stack, brought up by a run on pretended hosts: its lock, its record, its history, what it refuses."""

import sqlite3
from contextlib import closing
from functools import partial
from typing import Any

import pytest

from flows.engine.converge import Report
from flows.engine.early import refuse_early
from flows.engine.fleet import on_ready_fleet
from flows.engine.frame import frame, open_ledger
from flows.provision import provision
from flows.recover_hosts import recover_hosts
from flows.teardown_hosts import teardown_hosts
from infra_specs.stackfile.models.hosts import FleetHosts, Host
from infra_specs.stackfile.models.target import Swarm
from infra_specs.stackfile.reading.load import stored
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner, Run
from tasks.stack.record import snapshot_of
from tests.flows.going import done, failed
from tests.support.hosts.pretended import World, pretend

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server", "home")]
A, B, C, D = (f"10.0.0.{number}" for number in (11, 12, 13, 14))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World.of(A, B, C, D)
    pretend(monkeypatch, made)
    return made


@frame
async def bring_up(spec: dict[str, Any], verb: str = "provision") -> Report:
    """What a provision of a stack does before it opens its target."""
    async with open_ledger() as ledger:
        snapshot = snapshot_of(ledger, stored(spec), "/srv")
        refuse = partial(refuse_early, ledger, snapshot)
        placed = (await on_ready_fleet(ledger, snapshot.stack, verb, refuse)).target
        assert isinstance(placed, Swarm)
        return Report("shop", f"on {', '.join(host.name for host in placed.placed.hosts)}", (), (), {})


def spec(name: str = "shop", public: bool = False, **target: Any) -> dict[str, Any]:
    web = {"image": "registry.example.com/shop:1", "port": 8000, "public": public}
    return {"name": name, "target": {"provider": "swarm", **target}, "services": {"web": web}}


def stands(name: str, content: dict[str, Any]) -> None:
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire(name, Owner.here("provision"), 60)
        ledger.stacks.set_desired(lease, name, content, "/srv")
        ledger.locks.release(lease)


def fleet() -> FleetHosts | None:
    with Ledger.open(settings()) as ledger:
        return ledger.fleets.find("shop")


def runs() -> tuple[Run, ...]:
    with Ledger.open(settings()) as ledger:
        assert ledger.runs.history("shop", 9) == ()
        return ledger.runs.history("shop", 9, "fleet")


async def test_a_fleet_is_made_changed_and_ended(world: World) -> None:
    assert await done(bring_up, spec=spec(hosts=[A, B, C])) == f"on {A}, {B}, {C}"
    (made,) = runs()
    assert (made.verb, made.state, made.message) == ("provision", "done", "15 created, 0 unchanged")
    effects = len(world.effects)
    assert await done(bring_up, spec=spec(hosts=[A, B, C])) == f"on {A}, {B}, {C}"
    assert (len(world.effects), len(runs())) == (effects, 1), "nothing is done, and no run is recorded"

    stands("blog", spec("blog", public=True, fleet="shop"))
    assert await done(bring_up, spec=spec("blog", public=True, fleet="shop")) == f"on {A}, {B}, {C}"
    assert sorted(change.text for change in runs()[0].changes) == [
        f"~ firewall/{host} (public changed)" for host in (A, B, C)
    ]  # fmt: skip

    assert await done(bring_up, spec=spec(hosts=[B, C, D])) == f"on {B}, {C}, {D}"
    assert fleet() == FleetHosts("shop", tuple(Host(address=host) for host in (B, C, D)))
    assert world.hosts[A].marks == {}
    assert [run.reason for run in runs()[:2]] == ["hosts have left", "asked for"]

    refusal = await failed(teardown_hosts, fleet="shop")
    assert refusal == (
        "The stack blog stands on the hosts of shop, so nothing was touched. First: tenfold teardown blog"
    )
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("blog", Owner.here("teardown"), 60)
        ledger.stacks.mark_torn_down(lease)
    world.hosts[C].volumes.append("tenfold.blog.volume.data-0.1")
    refusal = await failed(teardown_hosts, fleet="shop")
    assert refusal.startswith(
        f"{C} holds data that is nowhere else: tenfold.blog.volume.data-0.1.\nNothing was touched"
    )
    world.hosts[C].volumes.clear()
    assert await done(teardown_hosts, fleet="shop") == "9 destroyed, 0 unchanged. The engines of the hosts stay"
    assert fleet() is None
    assert [run.verb for run in runs()] == ["teardown"]
    assert all((host.marks, host.rules, host.node) == ({}, "", "") for host in world.hosts.values())


async def test_everything_in_the_way_is_said_at_once_and_nothing_is_touched(world: World) -> None:
    world.hosts[A].is_up = False
    world.hosts[B].more = {"sudo": "password", "user": "deploy", "distribution": "fedora", "title": "Fedora 40"}
    world.hosts[C].more = {"disk_free": 2 * 2**20}
    world.hosts[D].marks["/etc/tenfold/host.json"] = '{"fleet": "wiki"}'
    message = await failed(bring_up, spec=spec(hosts=[A, B, C, D]))
    assert message == "\n".join([
        "The hosts of shop cannot be a fleet as they are:",
        f"{A}: no answer within 10 s.",
        f"{B}: runs Fedora 40, and Debian or Ubuntu is needed.",
        f"{B}: sudo asks deploy for a password. As root, write into /etc/sudoers.d/tenfold: deploy ALL=(ALL) NOPASSWD: "
        "ALL",
        f"{C}: has 2 GB of disk left, and 4 GB are needed. Make room.",
        f"{D}: is a host of the fleet wiki. Take it out of one of the lists. If that fleet is no more, remove "
        "/etc/tenfold/host.json there.",
    ])  # fmt: skip
    assert (world.effects, fleet(), runs()) == ([], None, ())


async def test_what_runs_on_a_host_that_leaves_moves_first(world: World) -> None:
    await done(bring_up, spec=spec(hosts=[A, B, C]))
    stands("shop", spec(hosts=[A, B, C]))
    world.hosts[A].slots += ["shop", "blog"]
    await done(bring_up, spec=spec(hosts=[B, C, D]))
    assert (world.hosts[A].slots, world.cut_off) == (["shop", "blog"], [])
    assert world.roles().keys() == {A, B, C, D}, "it is a member while something runs there"
    assert world.availability(A) == "pause"
    assert fleet() == FleetHosts("shop", _hosts(B, C, D), leaving=_hosts(A))

    world.hosts[A].slots.remove("shop")
    await done(bring_up, spec=spec(hosts=[B, C, D]))
    assert (world.hosts[A].slots, world.cut_off) == (["blog"], [])
    world.hosts[A].slots.clear()
    _looked_long_ago()
    await done(bring_up, spec=spec(hosts=[B, C, D]), verb="reconcile")
    assert fleet() == FleetHosts("shop", _hosts(B, C, D))
    assert (world.roles().keys(), world.hosts[A].marks) == ({B, C, D}, {})


async def test_a_host_that_is_put_back_into_the_list_stays(world: World) -> None:
    await done(bring_up, spec=spec(hosts=[A, B, C]))
    world.hosts[A].slots += ["shop"]
    await done(bring_up, spec=spec(hosts=[B, C]))
    assert world.availability(A) == "pause"
    await done(bring_up, spec=spec(hosts=[A, B, C]))
    assert (world.availability(A), world.roles().keys(), world.cut_off) == ("active", {A, B, C}, [])
    assert fleet() == FleetHosts("shop", _hosts(A, B, C))


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"services": {"web": {"build": "nowhere", "port": 8000}}}, "nowhere"),
        ({"services": {"web": {"image": "shop:1", "port": 8000, "env": {"KEY": {"secret": "api-key"}}}}}, "api-key"),
        ({"services": {"web": {"image": "shop:1", "port": 8000, "public": True}},
          "tls": {"certificate": "gone.pem", "key": "gone.key"}}, "gone.pem"),
    ],
)  # fmt: skip
async def test_what_is_refused_of_a_stack_is_refused_before_a_host_is_touched(
    world: World, more: dict[str, Any], message: str
) -> None:
    assert message in await failed(provision, spec=spec(hosts=[A, B]) | more, source="/srv")
    assert (world.effects, fleet(), runs()) == ([], None, ())


async def test_a_fleet_of_another_installation_is_not_ours(world: World) -> None:
    world.hosts[A].marks["/etc/tenfold/host.json"] = '{"fleet": "shop"}'
    message = await failed(bring_up, spec=spec(hosts=[A]))
    assert f"{A}: is a host of a fleet shop which this installation did not make." in message
    assert world.effects == []


async def test_the_timer_replaces_a_dead_manager_and_never_fails_a_stack(world: World) -> None:
    content = spec(hosts=[A, B, C, D])
    await done(bring_up, spec=content)
    world.hosts[A].is_up = False
    with Ledger.open(settings()) as ledger:
        ledger.fleets.put(lease := ledger.fleets.acquire("shop", Owner.here("test"), 60), fleet())  # type: ignore[arg-type]
        ledger.locks.release(lease)
    assert await done(bring_up, spec=content, verb="reconcile") == f"on {A}, {B}, {C}, {D}"
    assert world.roles() == dict.fromkeys((A, B, C), "manager") | {D: "worker"}, "it was looked at a moment ago"
    _looked_long_ago()
    await done(bring_up, spec=content, verb="reconcile")
    assert world.roles() == dict.fromkeys((B, C, D), "manager") | {A: "worker"}
    world.hosts[B].is_up = world.hosts[C].is_up = False
    _looked_long_ago()
    assert await done(bring_up, spec=content, verb="reconcile") == f"on {A}, {B}, {C}, {D}"


async def test_without_a_quorum_a_new_swarm_is_begun(world: World) -> None:
    await done(bring_up, spec=spec(hosts=[A, B, C]))
    assert await done(recover_hosts, fleet="shop") == "nothing to do: the managers of shop have a quorum"
    world.hosts[A].is_up = world.hosts[B].is_up = False
    message = await failed(bring_up, spec=spec(hosts=[A, B, C]))
    assert message.startswith("1 of 3 managers answers")
    assert await done(recover_hosts, fleet="shop") == f"a new Swarm was begun at {C}"
    assert world.roles_at(C) == {C: "manager"}
    world.hosts[A].is_up = world.hosts[B].is_up = True
    await done(bring_up, spec=spec(hosts=[A, B, C]))
    assert world.roles_at(C) == dict.fromkeys((A, B, C), "manager"), "what came back has left the old one"


def _hosts(*addresses: str) -> tuple[Host, ...]:
    return tuple(Host(address=address) for address in addresses)


def _looked_long_ago() -> None:
    with closing(sqlite3.connect(settings().home / "ledger.db")) as connection, connection:
        connection.execute("UPDATE fleets SET looked = 1")
