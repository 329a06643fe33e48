"""Pretended hosts: their facts, their engines and their Swarm in memory. Each effect may be the last of a run."""

import json
from collections.abc import Callable, Collection, Iterable
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound, NotFound
from requests.exceptions import ConnectionError as NoConnection

from infra_specs.errors import PlanError, ProviderError, TransientError
from infra_specs.fleet.firewall import Firewall
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Change, Plan
from infra_specs.stackfile.models.hosts import FleetHosts, Host
from tasks.base import poll
from tasks.providers.docker.labels import PART_LABEL, STACK_LABEL
from tasks.providers.hosts import kinds, members, recover, survey, swarm_steps
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.kinds import FIREWALL_MARK, HOST_MARK, HostPart
from tasks.providers.hosts.provider import HostsProvider
from tasks.providers.hosts.read_facts import HostReading
from tests.infra_specs.fleet.hosts import facts


class Killed(BaseException):
    """The run ends here, as one whose process is killed."""


@dataclass
class PretendedHost:
    """A host as it is."""

    address: str
    is_up: bool = True
    has_engine: bool = False
    marks: dict[str, str] = field(default_factory=dict)
    rules: str = ""
    upkeep: set[str] = field(default_factory=set)
    volumes: list[str] = field(default_factory=list)
    cluster: str = ""
    node: str = ""
    slots: list[str] = field(default_factory=list)
    """The stacks of the services whose tasks run here."""
    more: dict[str, Any] = field(default_factory=dict)
    """Other facts than those of a good host."""


@dataclass
class World:
    """Hosts by their addresses, and the Swarms that they are in."""

    hosts: dict[str, PretendedHost]
    nodes: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    """By Swarm and node."""
    labels: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of Swarms."""
    effects: list[str] = field(default_factory=list)
    cut_off: list[str] = field(default_factory=list)
    """The stacks whose tasks ended because their host was drained."""
    dies_at: int = 0
    """The number of the effect that a run does not outlive; 0 for none."""
    dies_before: bool = False
    """Whether it dies before that effect, and not after it."""
    _ids: Any = field(default_factory=count)

    @classmethod
    def of(cls, *addresses: str) -> "World":
        return cls({address: PretendedHost(address) for address in addresses})

    def reset(self) -> None:
        """Bare hosts again."""
        fresh = World.of(*self.hosts)
        self.hosts, self.nodes, self.labels, self.effects = fresh.hosts, {}, {}, []

    def effect(self, what: str, make: Callable[[], Any]) -> Any:
        """Make something happen, unless the run is killed at that moment."""
        self.effects.append(what)
        is_last = len(self.effects) == self.dies_at
        if is_last and self.dies_before:
            raise Killed
        result = make()
        if is_last:
            raise Killed
        return result

    def new_id(self) -> str:
        return f"id{next(self._ids)}"

    def host_of(self, cluster: str, node: str) -> PretendedHost | None:
        hosts = (host for host in self.hosts.values() if (host.cluster, host.node) == (cluster, node))
        return next(hosts, None)

    def roles(self) -> dict[str, str]:
        """Of every host that is in a Swarm and named there."""
        return {
            node["Labels"].get(members.HOST_LABEL, ""): node["Role"]
            for nodes in self.nodes.values()
            for node in nodes.values()
        }

    def roles_at(self, address: str) -> dict[str, str]:
        """The same in the Swarm that a host is in."""
        nodes = self.nodes[self.hosts[address].cluster].values()
        return {node["Labels"].get(members.HOST_LABEL, ""): node["Role"] for node in nodes}

    def split(self, first: PretendedHost) -> None:
        """Let a manager begin a new Swarm with all nodes of its own. The workers go with it, and nobody else knows."""
        old, new = first.cluster, self.new_id()
        self.nodes[new], self.labels[new] = deepcopy(self.nodes[old]), dict(self.labels[old])
        for node, spec in self.nodes[new].items():
            spec["Decides"] = node == first.node or spec["Role"] == "worker"
        for host in self.hosts.values():
            if host.cluster == old and (host is first or self.nodes[new][host.node]["Role"] == "worker"):
                host.cluster = new

    def availability(self, address: str) -> str:
        """Whether the Swarm may place something on a host."""
        host = self.hosts[address]
        return str(self.nodes[host.cluster][host.node].get("Availability", "active"))

    def state(self) -> Any:
        """All that outlives a run, to compare. Ids tell nothing."""
        return (
            sorted(self.roles().items()),
            {
                host.address: (host.has_engine, sorted(host.marks), host.rules, sorted(host.upkeep), bool(host.node))
                for host in self.hosts.values()
            },
        )

    def reading(self, host: PretendedHost) -> HostReading:
        if not host.is_up:
            raise TransientError(f"{host.address}: no answer within 10 s.")
        known = self.nodes.get(host.cluster, {})
        own = known.get(host.node)
        managers = [other.address for node in known if (other := self.host_of(host.cluster, node))
                    and known[node]["Role"] == "manager"]  # fmt: skip
        swarm = {
            "LocalNodeState": "active" if host.node else "inactive", "NodeID": host.node,
            "ControlAvailable": bool(own and own["Role"] == "manager"),
            "RemoteManagers": [{"Addr": f"{manager}:2377"} for manager in managers],
            "Cluster": {"ID": host.cluster} if own and own["Role"] == "manager" else {},
        }  # fmt: skip
        info = {"ServerVersion": "20.10.24", "Containers": 0, "Swarm": swarm} if host.has_engine else None
        told = {
            "address": host.address, "engine": host.has_engine, "info": info, "rules": host.rules,
            "host_mark": host.marks.get(HOST_MARK), "firewall_mark": host.marks.get(FIREWALL_MARK),
            "upgrades": "upgrades" in host.upkeep, "time": "time" in host.upkeep, **host.more,
        }  # fmt: skip
        return HostReading(facts(**told), 0.0)


@dataclass
class PretendedEngine:
    """A host's engine, as a client of it."""

    world: World
    host: PretendedHost

    def _require_up(self) -> None:
        if not self.host.is_up or not self.host.has_engine:
            raise NoConnection("no answer")

    def _managed(self) -> dict[str, dict[str, Any]]:
        """The nodes of the Swarm that it manages with others."""
        self._require_up()
        nodes = self.world.nodes.get(self.host.cluster, {})
        if self.host.node not in nodes or nodes[self.host.node]["Role"] != "manager":
            raise _refusal("This node is not a swarm manager", 503)
        managers = [node for node, spec in nodes.items() if spec["Role"] == "manager" and spec.get("Decides", True)]
        up = [node for node in managers if (host := self.world.host_of(self.host.cluster, node)) and host.is_up]
        if 2 * len(up) <= len(managers):
            raise _refusal("The swarm does not have a leader", 500)
        return nodes

    def info(self) -> dict[str, Any]:
        self._require_up()
        engine = self.world.reading(self.host).facts.engine
        assert engine
        assert engine.swarm
        return {"Swarm": {"LocalNodeState": engine.swarm.state, "NodeID": self.host.node,
                          "ControlAvailable": engine.swarm.is_manager}}  # fmt: skip

    def create_swarm_spec(self, labels: dict[str, str]) -> dict[str, Any]:
        return {"Labels": labels}

    def init_swarm(self, *_: str, swarm_spec: dict[str, Any], force_new_cluster: bool = False) -> None:
        self._require_up()

        def make() -> None:
            if force_new_cluster:
                self.world.split(self.host)
                return
            self.host.cluster, self.host.node = self.world.new_id(), self.world.new_id()
            self.world.labels[self.host.cluster] = swarm_spec["Labels"]
            self.world.nodes[self.host.cluster] = {self.host.node: {"Role": "manager", "Labels": {}}}

        self.world.effect(f"init {self.host.address}", make)

    def join_swarm(self, managers: list[str], token: str, *_: str) -> None:
        self._require_up()
        cluster, role = token.split()

        def make() -> None:
            self.host.cluster, self.host.node = cluster, self.world.new_id()
            self.world.nodes[cluster][self.host.node] = {"Role": role, "Labels": {}}

        assert managers
        self.world.effect(f"join {self.host.address}", make)

    def update_swarm(self, _: int, spec: dict[str, Any]) -> None:
        self._managed()
        self.world.effect("label", lambda: self.world.labels.update({self.host.cluster: spec["Labels"]}))

    def leave_swarm(self, *, force: bool = False) -> None:
        self._require_up()
        nodes = self.world.nodes[self.host.cluster]
        if nodes.get(self.host.node, {}).get("Role") == "manager" and not force:
            raise _refusal("You are attempting to leave the swarm on a node that is participating as a manager.", 503)

        def make() -> None:
            if force:
                nodes.pop(self.host.node, None)
            self.host.cluster = self.host.node = ""

        self.world.effect(f"leave {self.host.address}", make)

    def inspect_swarm(self) -> dict[str, Any]:
        self._managed()
        cluster = self.host.cluster
        return {"Spec": {"Labels": self.world.labels[cluster]}, "Version": {"Index": 1},
                "JoinTokens": {"Manager": f"{cluster} manager", "Worker": f"{cluster} worker"}}  # fmt: skip

    def nodes(self) -> list[dict[str, Any]]:
        return [self.inspect_node(node) for node in self._managed()]

    def inspect_node(self, node: str) -> dict[str, Any]:
        nodes = self._managed()
        if node not in nodes:
            raise NotFound(f"node {node} not found")
        spec = dict(nodes[node])
        host = self.world.host_of(self.host.cluster, node)
        is_up = bool(host and host.is_up)
        told: dict[str, Any] = {
            "ID": node, "Version": {"Index": 1}, "Spec": spec, "Description": {"Hostname": "debian"},
            "Status": {"State": "ready" if is_up else "down", "Addr": host.address if host else "10.0.0.99"},
        }  # fmt: skip
        if spec["Role"] == "manager" and spec.get("Decides", True):
            told["ManagerStatus"] = {"Reachability": "reachable" if is_up else "unreachable",
                                     "Addr": f"{host.address if host else ''}:2377"}  # fmt: skip
        return told

    def update_node(self, node: str, _: int, spec: dict[str, Any]) -> None:
        self.world.effect(f"node {sorted(spec.items())}", lambda: self._managed()[node].update(spec))

    def remove_node(self, node: str, *, force: bool) -> None:
        assert force
        self.world.effect("forget a node", lambda: self._managed().pop(node))

    def tasks(self, filters: dict[str, Any]) -> list[Any]:
        """Of a node that is drained the tasks end at once, whoever needs them."""
        nodes = self._managed()
        asked = [filters["node"]] if isinstance(filters["node"], str) else filters["node"]
        for node in asked:
            if (host := self.world.host_of(self.host.cluster, node)) and nodes[node].get("Availability") == "drain":
                self.world.cut_off += host.slots
                host.slots.clear()
        hosts = [host for node in asked if (host := self.world.host_of(self.host.cluster, node))]
        return [{"ServiceID": f"service of {stack}", "Status": {"State": "running"}} for host in hosts
                for stack in host.slots]  # fmt: skip

    def services(self, filters: Any) -> list[Any]:
        self._managed()
        stacks = {stack for host in self.world.hosts.values() for stack in host.slots}
        proxy = {"ID": "proxies", "Spec": {"Labels": {STACK_LABEL: "shop"}, "Mode": {"Global": {}}}}
        return [proxy, *({"ID": f"service of {stack}", "Spec": {"Labels": {STACK_LABEL: stack}, "Mode": {}}}
                         for stack in sorted(stacks))]  # fmt: skip

    def inspect_image(self, name: str) -> dict[str, Any]:
        raise ImageNotFound(f"No such image: {name}")

    def containers(self, filters: Any) -> list[Any]:
        self._require_up()
        return []

    def volumes(self, filters: Any) -> dict[str, Any]:
        self._require_up()
        labels = {STACK_LABEL: "shop", PART_LABEL: "instance"}
        return {"Volumes": [{"Name": name, "Labels": labels} for name in self.host.volumes]}


def _refusal(text: str, status: int) -> APIError:
    error = APIError(text, explanation=text)
    error.response = type("Response", (), {"status_code": status})()
    return error


@dataclass
class PretendedConnection:
    """What the drivers send to a host."""

    world: World
    own: PretendedHost
    host: Host

    def run(self, script: str, **_: Any) -> Any:
        if script.startswith(f"rm -f {HOST_MARK}"):
            self.world.effect(f"unmark {self.own.address}", lambda: self.own.marks.pop(HOST_MARK, None))
        return type("Result", (), {"code": 0, "text": self.own.rules})()

    def put(self, path: str, data: bytes, **_: Any) -> None:
        self.world.effect(f"mark {self.own.address}", lambda: self.own.marks.update({path: data.decode()}))


def pretend(patch: pytest.MonkeyPatch, world: World) -> None:
    """Let everything that acts on hosts act on these."""

    def host(of: Any) -> PretendedHost:
        return world.hosts[getattr(of, "address", of)]

    def read_facts(connections: Any) -> dict[str, HostReading | ProviderError]:
        def outcome(listed: Host) -> HostReading | ProviderError:
            try:
                return world.reading(host(listed))
            except ProviderError as error:
                return error

        return {listed.name: outcome(listed) for listed in connections.hosts}

    def install(connection: PretendedConnection, _: Any) -> None:
        world.effect(f"install {connection.own.address}", lambda: setattr(connection.own, "has_engine", True))

    def set_firewall(listed: Host, firewall: Firewall, _: Any) -> None:
        world.effect(f"close {listed}", lambda: setattr(host(listed), "rules", json.dumps(str(firewall))))

    def remove_firewall(listed: Host, _: Any) -> None:
        def make() -> None:
            host(listed).rules = ""
            host(listed).marks.pop(FIREWALL_MARK, None)

        world.effect(f"open {listed}", make)

    def set_upkeep(connection: PretendedConnection, _: Any) -> None:
        world.effect(f"upkeep {connection.own.address}", lambda: connection.own.upkeep.update(("upgrades", "time")))

    def connection(part: HostPart, name: str) -> PretendedConnection:
        return PretendedConnection(world, host(part.engines.host(name)), part.engines.host(name))

    for module in (members, recover, survey):
        patch.setattr(module, "read_facts", read_facts)
    patch.setattr(kinds, "read_one", lambda connection: world.reading(connection.own))
    patch.setattr(kinds, "install_engine", install)
    patch.setattr(kinds, "set_firewall", set_firewall)
    patch.setattr(kinds, "remove_firewall", remove_firewall)
    patch.setattr(kinds, "set_upkeep", set_upkeep)
    patch.setattr(HostPart, "connection", connection)
    patch.setattr(FleetEngines, "of", lambda engines, name: PretendedEngine(world, host(engines.host(name))))
    patch.setattr(swarm_steps, "wait_until", lambda look, done, _: poll.wait_until(look, done, 0.05))


def plan_of(provider: HostsProvider, fleet: FleetHosts, public: tuple[int, ...] = ()) -> Plan:
    """What is to be done to the fleet. Raises what stands in the way of it."""
    seen = provider.survey()
    if faults := seen.refusals([host.name for host in (*fleet.hosts, *fleet.leaving)], public):
        raise PlanError("\n".join(faults))
    resources = seen.resources(public) if fleet.hosts else ()
    return make_plan(fleet.name, resources, tuple(seen.instances()))


def bring(fleet: FleetHosts, home: Path, public: tuple[int, ...] = ()) -> list[str]:
    """Carry out the plan, one change after another; the changes as sentences."""
    provider = HostsProvider(fleet, home)
    plan = plan_of(provider, fleet, public)
    for change in plan.changes:
        _carry_out(provider, change)
    if plan.empty:
        provider.sweep(fleet.name)
    return list(map(str, plan.changes))


def _carry_out(provider: HostsProvider, change: Change) -> None:
    if change.action == "create":
        assert change.resource
        provider.create(change.resource)
    elif change.action == "update":
        assert change.resource
        assert change.instance
        provider.update(change.instance, change.resource)
    elif change.action == "destroy":
        assert change.instance
        provider.destroy(change.instance)


def hosts(addresses: Iterable[str]) -> tuple[Host, ...]:
    return tuple(Host(address=address) for address in addresses)


def fleet_of(addresses: Collection[str], leaving: Collection[str] = ()) -> FleetHosts:
    return FleetHosts("shop", hosts(addresses), None, hosts(leaving))
