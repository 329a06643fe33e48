"""A fleet on pretended hosts: made, changed, left alone, ended, and killed at every effect."""

from pathlib import Path

import pytest

from infra_specs.errors import PlanError
from infra_specs.stackfile.models.hosts import FleetHosts
from tasks.providers.hosts.members import FLEET_LABEL
from tasks.providers.hosts.provider import HostsProvider
from tests.support.hosts.pretended import Killed, World, bring, fleet_of, plan_of, pretend

pytestmark = pytest.mark.pure

A, B, C, D = (f"10.0.0.{number}" for number in (11, 12, 13, 14))
ALL = fleet_of([A, B, C])
KINDS = ("host", "engine", "firewall", "upkeep", "member")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World.of(A, B, C, D)
    pretend(monkeypatch, made)
    return made


def test_bare_hosts_become_one_swarm_and_a_second_run_does_nothing(world: World, tmp_path: Path) -> None:
    changes = bring(ALL, tmp_path, (80,))
    assert changes[:3] == [f"+ host/{host} (missing)" for host in (A, B, C)]
    assert {change.partition("/")[0] for change in changes[-6:]} == {"+ member", "+ upkeep"}
    assert sorted(changes) == sorted(f"+ {kind}/{host} (missing)" for kind in KINDS for host in (A, B, C))
    assert world.roles() == dict.fromkeys((A, B, C), "manager")
    assert list(world.labels.values()) == [{FLEET_LABEL: "shop"}]
    done = len(world.effects)
    assert bring(ALL, tmp_path, (80,)) == []
    assert len(world.effects) == done


def test_a_host_that_comes_and_one_that_goes(world: World, tmp_path: Path) -> None:
    bring(ALL, tmp_path)
    added = bring(fleet_of([A, B, C, D]), tmp_path)
    assert sorted(added) == sorted([
        *(f"+ {kind}/{D} (missing)" for kind in KINDS),
        *(f"~ firewall/{host} (peers changed)" for host in (A, B, C)),
    ])  # fmt: skip
    assert world.roles() == {A: "manager", B: "manager", C: "manager", D: "worker"}
    left = bring(fleet_of([B, C, D], [A]), tmp_path)
    assert left == [
        f"~ member/{D} (role changed)",
        f"- member/{A} (not wanted)", f"- firewall/{A} (not wanted)", f"- host/{A} (not wanted)",
    ]  # fmt: skip
    assert bring(fleet_of([B, C, D]), tmp_path) == [f"~ firewall/{host} (peers changed)" for host in (B, C, D)]
    assert world.roles() == dict.fromkeys((B, C, D), "manager")
    gone = world.hosts[A]
    assert (gone.has_engine, gone.marks, gone.rules, gone.node) == (True, {}, "", "")
    assert bring(fleet_of([B, C, D]), tmp_path) == []


def test_what_a_killed_host_held_is_not_given_up(world: World, tmp_path: Path) -> None:
    bring(ALL, tmp_path)
    world.hosts[C].volumes.append("tenfold.shop.volume.data-0.1")
    with pytest.raises(PlanError, match=f"{C} is no longer in the list, and holds data that is nowhere else: tenfold"):
        bring(fleet_of([A, B], [C]), tmp_path)
    world.hosts[C].is_up = False
    with pytest.raises(PlanError, match=f"{C} is no longer in the list, and cannot be asked for the data"):
        bring(fleet_of([A, B], [C]), tmp_path)


def test_a_silent_host_is_left_as_it_is_and_a_dead_manager_replaced(world: World, tmp_path: Path) -> None:
    listed = fleet_of([A, B, C, D])
    bring(listed, tmp_path)
    world.hosts[B].is_up = False
    assert sorted(bring(listed, tmp_path)) == [f"~ member/{B} (role changed)", f"~ member/{D} (role changed)"]
    assert world.roles() == {A: "manager", B: "worker", C: "manager", D: "manager"}
    assert bring(listed, tmp_path) == []
    world.hosts[B].is_up = True
    assert bring(listed, tmp_path) == []


def test_without_a_quorum_nothing_is_changed(world: World, tmp_path: Path) -> None:
    bring(ALL, tmp_path)
    world.hosts[A].is_up = world.hosts[B].is_up = False
    done = len(world.effects)
    with pytest.raises(PlanError, match="1 of 3 managers answers, and a Swarm takes changes only from more than half"):
        bring(ALL, tmp_path)
    assert len(world.effects) == done


def test_of_the_hosts_that_are_left_a_new_swarm_is_made(world: World, tmp_path: Path) -> None:
    listed = fleet_of([A, B, C, D])
    bring(listed, tmp_path)
    assert HostsProvider(listed, tmp_path).recover() == "", "there is a quorum"
    world.hosts[A].is_up = world.hosts[B].is_up = False
    assert HostsProvider(listed, tmp_path).recover() == C
    assert bring(listed, tmp_path) == [f"~ member/{D} (role changed)"]
    assert world.roles_at(C) == {C: "manager", D: "manager"}
    assert bring(listed, tmp_path) == []
    for host in (A, B):  # they come back, having left by hand
        world.hosts[host].is_up, world.hosts[host].cluster, world.hosts[host].node = True, "", ""
    assert sorted(bring(listed, tmp_path)) == [f"+ member/{host} (missing)" for host in (A, B)]
    assert world.roles_at(C) == {A: "manager", B: "worker", C: "manager", D: "manager"}
    for host in (A, B, C, D):
        world.hosts[host].is_up = False
    with pytest.raises(PlanError, match="No host of shop answers with an engine that runs"):
        HostsProvider(listed, tmp_path).recover()


@pytest.mark.parametrize("back", [(A, B), (B, A), (A,)])
def test_managers_that_come_back_leave_the_old_swarm_and_join_the_new_one(
    world: World, tmp_path: Path, back: tuple[str, ...]
) -> None:
    """Two of three have a quorum of their own: without us both Swarms would go on."""
    bring(ALL, tmp_path)
    world.hosts[A].is_up = world.hosts[B].is_up = False
    assert HostsProvider(ALL, tmp_path).recover() == C
    assert bring(ALL, tmp_path) == []
    for host in back:
        world.hosts[host].is_up = True
    for _ in range(2):
        bring(ALL, tmp_path)
    assert world.roles_at(C) == {C: "manager"} | dict.fromkeys(back, "manager")
    assert {world.hosts[host].cluster for host in back} == {world.hosts[C].cluster}
    assert bring(ALL, tmp_path) == []


def test_a_swarm_of_somebody_else_is_not_left(world: World, tmp_path: Path) -> None:
    bring(ALL, tmp_path)
    world.hosts[A].is_up = world.hosts[B].is_up = False
    HostsProvider(ALL, tmp_path).recover()
    world.hosts[A].is_up = world.hosts[B].is_up = True
    world.hosts[A].marks.clear()
    world.labels[world.hosts[A].cluster] = {FLEET_LABEL: "wiki"}
    before = len(world.effects)
    with pytest.raises(PlanError, match="is in another Swarm than"):
        bring(ALL, tmp_path)
    assert len(world.effects) == before


def test_of_two_hosts_the_only_manager_is_lost(world: World, tmp_path: Path) -> None:
    two = fleet_of([A, B])
    bring(two, tmp_path)
    world.hosts[A].is_up = False
    with pytest.raises(PlanError, match=r"0 of 1 manager answer.* tenfold hosts recover FLEET"):
        bring(two, tmp_path)
    assert HostsProvider(two, tmp_path).recover() == B
    assert HostsProvider(two, tmp_path).recover() == "", "there is a Swarm"
    assert bring(two, tmp_path) == []
    assert world.roles_at(B) == {B: "manager"}
    world.hosts[A].is_up = True
    for _ in range(2):
        bring(two, tmp_path)
    assert world.roles_at(B) == {A: "worker", B: "manager"}
    assert bring(two, tmp_path) == []
    world.hosts[B].is_up = False
    assert HostsProvider(two, tmp_path).recover() == A, "and so again"
    world.hosts[B].is_up = True
    for _ in range(2):
        bring(two, tmp_path)
    assert world.roles_at(A) == {A: "manager", B: "worker"}


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("hosts", [2, 3])
def test_a_recovery_that_is_killed_at_any_effect_ends_in_the_same(
    world: World, tmp_path: Path, hosts: int, before: bool
) -> None:
    """The hosts that were lost come back at last."""
    listed = fleet_of([A, B, C][:hosts])
    killed = 0
    while True:
        world.reset()
        bring(listed, tmp_path)
        for host in (A, B)[: hosts - 1]:
            world.hosts[host].is_up = False
        done = len(world.effects)
        killed += 1
        world.dies_at, world.dies_before = done + killed, before
        try:
            HostsProvider(listed, tmp_path).recover()
            is_over = True
        except Killed:
            is_over = False
        world.dies_at = 0
        HostsProvider(listed, tmp_path).recover()
        for host in (A, B):
            world.hosts[host].is_up = True
        for _ in range(3):
            bring(listed, tmp_path)
        assert bring(listed, tmp_path) == []
        assert len({world.hosts[host.address].cluster for host in listed.hosts}) == 1
        assert len(world.roles_at(C if hosts == 3 else B)) == hosts
        if is_over:
            break
    assert killed > 2


def test_a_host_that_left_by_force_joins_again_and_its_old_node_goes(world: World, tmp_path: Path) -> None:
    bring(ALL, tmp_path)
    world.hosts[B].cluster = world.hosts[B].node = ""
    assert bring(ALL, tmp_path) == [f"+ member/{B} (missing)"]
    assert [len(nodes) for nodes in world.nodes.values()] == [3]
    assert bring(ALL, tmp_path) == []


def test_rules_that_somebody_changed_are_set_again(world: World, tmp_path: Path) -> None:
    bring(ALL, tmp_path)
    world.hosts[B].rules = "flushed"
    assert bring(ALL, tmp_path) == [f"~ firewall/{B} (rules changed)"]
    assert bring(ALL, tmp_path) == []


def test_an_engine_that_is_down_is_started(world: World, tmp_path: Path) -> None:
    bring(ALL, tmp_path)
    world.hosts[C].more = {"info": {"ServerErrors": ["no answer"]}}
    plan = plan_of(HostsProvider(ALL, tmp_path), ALL)
    assert list(map(str, plan.changes)) == [f"+ engine/{C} (does not answer)"]


def test_a_firewall_that_is_there_already_stays(world: World, tmp_path: Path) -> None:
    world.hosts[B].more = {"firewall": "ufw"}
    changes = bring(ALL, tmp_path)
    assert f"+ firewall/{B} (missing)" not in changes
    assert world.hosts[B].rules == ""
    assert bring(ALL, tmp_path) == []


def test_all_hosts_leave_and_nothing_of_the_fleet_is_left(world: World, tmp_path: Path) -> None:
    bring(ALL, tmp_path)
    bring(fleet_of([], [A, B, C]), tmp_path)
    for host in world.hosts.values():
        assert (host.marks, host.rules, host.node) == ({}, "", "")
    assert bring(fleet_of([], [A, B, C]), tmp_path) == []


@pytest.mark.parametrize("silent", [A, D])
def test_all_hosts_leave_but_one_that_does_not_answer(world: World, tmp_path: Path, silent: str) -> None:
    bring(fleet_of([A, B, C, D]), tmp_path)
    world.hosts[silent].is_up = False
    bring(fleet_of([], [A, B, C, D]), tmp_path)
    left = {host for host, pretended in world.hosts.items() if pretended.node or pretended.marks or pretended.rules}
    assert left == {silent}
    assert bring(fleet_of([], [A, B, C, D]), tmp_path) == []


JOURNEYS = {
    "made": [ALL],
    "grown": [ALL, fleet_of([A, B, C, D])],
    "moved": [ALL, fleet_of([B, C, D], [A]), fleet_of([B, C, D])],
    "shrunk": [ALL, fleet_of([A], [B, C]), fleet_of([A])],
    "ended": [ALL, fleet_of([], [A, B, C])],
}


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("journey", JOURNEYS)
def test_killed_at_every_effect_it_ends_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, journey: str, *, before: bool
) -> None:
    whole = World.of(A, B, C, D)
    pretend(monkeypatch, whole)
    for fleet in JOURNEYS[journey]:
        bring(fleet, tmp_path)
    for number in range(1, len(whole.effects) + 1):
        world = World.of(A, B, C, D)
        world.dies_at, world.dies_before = number, before
        pretend(monkeypatch, world)
        for fleet in JOURNEYS[journey]:
            settle(fleet, tmp_path)
        assert world.state() == whole.state(), f"killed at {number}: {world.effects[number - 1]}"


def settle(fleet: FleetHosts, home: Path) -> None:
    """Run after run, of which one is killed, until nothing is left to do: three do it."""
    for _ in range(4):
        try:
            if not bring(fleet, home):
                return
        except Killed:
            continue
    raise AssertionError("it does not settle")
