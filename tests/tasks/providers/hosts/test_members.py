"""Who is in a fleet's Swarm by what hosts and managers tell, with fakes for all of them."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError
from requests.exceptions import ConnectionError as NoConnection

from infra_specs.errors import PlanError, ProviderError, TransientError
from infra_specs.fleet.membership import Member
from infra_specs.stackfile.models.hosts import Host
from tasks.providers.docker.labels import PART_LABEL, STACK_LABEL
from tasks.providers.hosts import members
from tasks.providers.hosts.members import FLEET_LABEL, HOST_LABEL, FleetState, look_at_fleet
from tasks.providers.hosts.read_facts import HostReading
from tasks.providers.hosts.swarm_steps import label_members
from tests.infra_specs.fleet.hosts import facts

pytestmark = pytest.mark.pure

Reading = HostReading | ProviderError
SILENT = TransientError("no answer")


def reading(address: str, node: str = "", managers: tuple[str, ...] = (), *, is_manager: bool = False) -> HostReading:
    """A host whose engine answers; in a Swarm if it is a node."""
    swarm = {
        "LocalNodeState": "active" if node else "inactive",
        "NodeID": node,
        "ControlAvailable": is_manager,
        "RemoteManagers": [{"Addr": f"{manager}:2377"} for manager in managers],
    }
    info = {"ServerVersion": "20.10.24", "Containers": 0, "Swarm": swarm}
    return HostReading(facts(address=address, engine=True, info=info), 0.0)


def node(identity: str, host: str = "", state: str = "ready", *, is_manager: bool = False) -> dict[str, Any]:
    """As a manager tells it; labelled with a host's name if there is one."""
    told: dict[str, Any] = {
        "ID": identity,
        "Version": {"Index": 1},
        "Spec": {"Role": "manager" if is_manager else "worker", "Labels": {HOST_LABEL: host} if host else {}},
        "Status": {"State": state},
        "Description": {"Hostname": "debian"},
    }
    return told | ({"ManagerStatus": {"Reachability": "reachable"}} if is_manager else {})


class FakeEngine:
    """A host's engine: a manager that knows these nodes, with these volumes."""

    def __init__(self, nodes: list[dict[str, Any]], volumes: list[dict[str, Any]] | Exception) -> None:
        self.known, self._volumes = {told["ID"]: told for told in nodes}, volumes

    def inspect_swarm(self) -> dict[str, Any]:
        return {"Spec": {"Labels": {FLEET_LABEL: "shop"}}}

    def nodes(self) -> list[dict[str, Any]]:
        return list(self.known.values())

    def inspect_node(self, identity: str) -> dict[str, Any]:
        return self.known[identity]

    def update_node(self, identity: str, version: int, spec: dict[str, Any]) -> None:
        self.known[identity] |= {"Spec": spec}

    def volumes(self, filters: Mapping[str, Any]) -> dict[str, Any]:
        if isinstance(self._volumes, Exception):
            raise self._volumes
        return {"Volumes": self._volumes}


class FakeFleet:
    """All hosts have the same engine."""

    def __init__(self, *nodes: dict[str, Any], volumes: list[dict[str, Any]] | Exception | None = None) -> None:
        self.engine = FakeEngine(list(nodes), volumes or [])
        self.connections = SimpleNamespace(hosts=())

    def of(self, name: str) -> FakeEngine:
        return self.engine

    def ask_one(self, names: tuple[str, ...], question: Callable[[FakeEngine], Any]) -> Any:
        return question(self.engine)


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FleetState]:
    def seen(
        fleet: FakeFleet, readings: dict[str, Reading], leaving: tuple[str, ...] = (), lost: tuple[str, ...] = ()
    ) -> FleetState:
        fleet.connections.hosts = [Host(address=name) for name in readings]
        monkeypatch.setattr(members, "read_facts", lambda _: readings)
        return look_at_fleet("shop", fleet, [Host(address=name) for name in leaving], lost)  # type: ignore[arg-type]

    return seen


Look = Callable[..., FleetState]


def test_a_worker_is_not_foreign_while_its_manager_may_be_silent(look: Look) -> None:
    with pytest.raises(TransientError) as silent:
        look(FakeFleet(), {"a.example": SILENT, "b.example": reading("10.0.0.12", "n2", ("10.0.0.11",))})
    assert str(silent.value) == (
        "the managers of the Swarm that b.example is in do not answer (10.0.0.11). Start these again, which may be "
        "among them: a.example."
    )
    with pytest.raises(PlanError, match="is in a Swarm whose managers are in no list"):
        look(
            FakeFleet(),
            {"a.example": reading("10.0.0.13"), "b.example": reading("10.0.0.12", "n2", ("10.0.0.11",))},
        )


def test_a_manager_is_known_by_the_address_that_its_host_tells(look: Look) -> None:
    state = look(
        FakeFleet(), {"a.example": reading("10.0.0.11"), "b.example": reading("10.0.0.12", "n2", ("10.0.0.11",))}
    )
    assert [member.role for member in state.members] == [None, "worker"]


def test_a_node_that_a_killed_run_did_not_name_is_named(look: Look) -> None:
    fleet = FakeFleet(node("n1", "10.0.0.11", is_manager=True), node("n2"), node("n3", "10.0.0.99"))
    readings: dict[str, Reading] = {
        "10.0.0.11": reading("10.0.0.11", "n1", is_manager=True),
        "10.0.0.12": reading("10.0.0.12", "n2"),
        "10.0.0.13": reading("10.0.0.13", "n3"),
    }
    state = look(fleet, readings)
    assert state.unlabelled == ("10.0.0.12", "10.0.0.13")
    for _ in range(2):
        label_members(state, fleet)  # type: ignore[arg-type]  # fake
    assert look(fleet, readings).unlabelled == ()
    assert look(fleet, readings | {"10.0.0.12": SILENT}).nodes["10.0.0.12"] == "n2"


def test_a_host_that_joined_anew_is_the_node_that_it_says(look: Look) -> None:
    fleet = FakeFleet(
        node("n1", "10.0.0.11", is_manager=True), node("n3", "10.0.0.12"), node("n2", "10.0.0.12", "down")
    )
    readings: dict[str, Reading] = {
        "10.0.0.11": reading("10.0.0.11", "n1", is_manager=True), "10.0.0.12": reading("10.0.0.12", "n3"),
    }  # fmt: skip
    assert look(fleet, readings).nodes["10.0.0.12"] == "n3"


VOLUMES = [
    {"Name": "tenfold.shop.volume.data-0.1", "Labels": {STACK_LABEL: "shop", PART_LABEL: "instance"}},
    {"Name": "tenfold.shop.note", "Labels": {STACK_LABEL: "shop", PART_LABEL: "note"}},
]


@pytest.mark.parametrize(
    ("volumes", "lost", "data"),
    [
        (VOLUMES, (), ("tenfold.shop.volume.data-0.1",)),
        (VOLUMES[1:], (), ()),
        (NoConnection("gone"), (), None),
        (APIError("no"), (), None),
        (NoConnection("gone"), ("10.0.0.12",), ()),
    ],
)
def test_a_host_that_is_to_leave_is_asked_for_its_data(
    look: Look, volumes: list[dict[str, Any]] | Exception, lost: tuple[str, ...], data: tuple[str, ...] | None
) -> None:
    fleet = FakeFleet(node("n1", "10.0.0.11", is_manager=True), node("n2", "10.0.0.12"), volumes=volumes)
    readings: dict[str, Reading] = {
        "10.0.0.11": reading("10.0.0.11", "n1", is_manager=True), "10.0.0.12": reading("10.0.0.12", "n2"),
    }  # fmt: skip
    state = look(fleet, readings, ("10.0.0.12",), lost)
    assert state.members == (
        Member("10.0.0.11", "manager", answers=True),
        Member("10.0.0.12", "worker", answers=True, is_listed=False, data=data),
    )
