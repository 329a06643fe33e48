"""A fleet's Swarm on three real hosts: begun, grown, shrunk, and repaired after a host is lost."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from infra_specs.errors import PlanError, TransientError
from infra_specs.fleet.membership import membership_steps
from infra_specs.stackfile.models.hosts import Host
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.members import FleetState, look_at_fleet
from tasks.providers.hosts.swarm_steps import carry_out, label_members
from tasks.ssh import handshake
from tasks.ssh.connections import Connections
from tests.support.hosts.bench import HostBench
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.proof]


@pytest.fixture(autouse=True)
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is gone is on this machine, too."""
    monkeypatch.setattr(handshake, "CONNECT_SECONDS", 3.0)
    monkeypatch.setattr(handshake, "BEGIN_SECONDS", 5.0)


class Fleet:
    """The fleet `shop` of some of the bench's hosts; the others may have been in it."""

    def __init__(self, bench: HostBench, home: Path, listed: Sequence[Host]) -> None:
        with bench.connections(home):
            self.engines = FleetEngines(Connections(bench.hosts, bench.key, home))
        self.leaving = [host for host in bench.hosts if host not in listed]

    def look(self, name: str = "shop", lost: Sequence[str] = ()) -> FleetState:
        return look_at_fleet(name, self.engines, self.leaving, lost)

    def settle(self, *lost: Host) -> list[str]:
        """Take all steps, each a second time as after a kill; what they were."""
        names = [host.name for host in lost]
        state = self.look(lost=names)
        label_members(state, self.engines)
        steps = membership_steps(state.members)
        for step in steps:
            carry_out(step, "shop", state, self.engines)
            carry_out(step, "shop", state, self.engines)
        assert membership_steps(self.look(lost=names).members) == ()
        return [f"{step.kind} {step.host}" for step in steps]

    def roles(self) -> list[str | None]:
        return [member.role for member in self.look().members]

    def close(self) -> None:
        self.engines.close()
        self.engines.connections.close()


@pytest.fixture
def fleets(bench: HostBench, tmp_path: Path) -> Iterator["Fleets"]:
    fleets = Fleets(bench, tmp_path)
    yield fleets
    for fleet in fleets.opened:
        fleet.close()


class Fleets:
    """Opens the fleet anew, as the next run does."""

    def __init__(self, bench: HostBench, home: Path) -> None:
        self.bench, self.home = bench, home
        self.opened = list[Fleet]()

    def of(self, *hosts: Host) -> Fleet:
        self.opened.append(Fleet(self.bench, self.home, hosts))
        return self.opened[-1]


def test_a_fleet_begins_grows_and_shrinks(bench: HostBench, fleets: Fleets) -> None:
    first, second, third = bench.hosts
    assert fleets.of(first).settle() == [f"start {first}"]
    assert fleets.of(first, second).settle() == [f"join {second}"]
    whole = fleets.of(first, second, third)
    assert whole.settle() == [f"promote {second}", f"join {third}"]
    assert whole.roles() == ["manager", "manager", "manager"]
    assert whole.settle() == []
    fewer = fleets.of(second, third)
    assert fewer.settle() == [f"demote {third}", f"demote {first}", f"leave {first}"]
    assert fewer.roles() == [None, "manager", "worker"]


def test_managers_are_lost_one_by_one(bench: HostBench, fleets: Fleets) -> None:
    first, second, third = bench.hosts
    fleets.of(*bench.hosts).settle()
    bench.kill(first)  # the leader
    wait_for(fleets, [False, True, True])
    assert fleets.of(*bench.hosts).settle() == []  # nobody can take its place, and two decide
    bench.kill(second)
    state = wait_for(fleets, [False, False, True])
    with pytest.raises(PlanError) as refused:
        membership_steps(state.members)
    assert str(refused.value) == (
        "1 of 3 managers answers, and a Swarm takes changes only from more than half. What runs goes on. Start these "
        f"again: {first}, {second}. If they are lost for good, make a new Swarm of the hosts that are left: tenfold "
        "hosts recover FLEET"
    )
    bench.power_on(second)
    wait_for(fleets, [False, True, True])
    rest = fleets.of(second, third)
    with pytest.raises(PlanError, match=f"^{first} is no longer in the list, and cannot be asked for the data"):
        rest.settle()
    assert rest.settle(first) == [f"remove {first}", f"demote {third}"]
    assert rest.roles() == [None, "manager", "worker"]


def wait_for(fleets: Fleets, answers: list[bool]) -> FleetState:
    """The fleet once all are managers, of which these answer. Managers choose a leader meanwhile."""

    def seen() -> FleetState | None:
        try:
            state = fleets.of(*fleets.bench.hosts).look()
        except TransientError:
            return None
        told = [(member.role, member.answers) for member in state.members]
        return state if told == [("manager", answer) for answer in answers] else None

    return wait_until(seen, f"managers that answer: {answers}")


LEAVE = "Let it leave that one (docker swarm leave --force), which ends what runs there, or take it out of the list."


def test_a_swarm_of_somebody_else_is_left_alone(bench: HostBench, fleets: Fleets) -> None:
    first, second, third = bench.hosts
    fleets.of(first).settle()
    fleet = fleets.of(*bench.hosts)
    foreign = fleet.engines.of(third.name)
    foreign.init_swarm(f"{third.address}:2377")
    assert refusal(fleet) == f"{third} is in another Swarm than the fleet's, or was removed from it. {LEAVE}"
    token = foreign.inspect_swarm()["JoinTokens"]["Worker"]
    fleet.engines.of(second.name).join_swarm([f"{third.address}:2377"], token, advertise_addr=second.address)
    with Connections([second], bench.key, fleets.home) as connections:
        alone = FleetEngines(connections)
        with pytest.raises(PlanError) as refused:
            look_at_fleet("shop", alone)
        alone.close()
    assert str(refused.value) == f"{second} is in a Swarm whose managers are in no list ({third.address}). {LEAVE}"
    fleet.engines.of(first.name).leave_swarm(force=True)
    assert refusal(fleet) == f"{third} is in a Swarm of somebody else. {LEAVE}"


def refusal(fleet: Fleet) -> str:
    with pytest.raises(PlanError) as refused:
        fleet.look()
    return str(refused.value)


def test_a_fleet_of_another_name_and_a_member_that_is_in_no_list(
    bench: HostBench, fleets: Fleets, tmp_path: Path
) -> None:
    first, second, _ = bench.hosts
    fleet = fleets.of(first, second)
    fleet.settle()
    with pytest.raises(PlanError, match=f"^{first} is in a Swarm of the fleet shop. Let it leave that one"):
        fleet.look("office")
    with Connections([first], bench.key, tmp_path) as connections:
        engines = FleetEngines(connections)
        with pytest.raises(PlanError, match=f"the fleet's Swarm has members that are in no list: {second}. Put them"):
            look_at_fleet("shop", engines)
        engines.close()
