"""Which hosts are in the fleet's Swarm, as its managers say; and where none answers, as the hosts themselves do."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from infra_specs.errors import PlanError, TransientError
from infra_specs.fleet.facts import SwarmFacts
from infra_specs.fleet.membership import Member, Role, has_quorum
from infra_specs.stackfile.models.hosts import Host
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.host_data import data_on
from tasks.providers.hosts.read_facts import HostReading, read_facts
from tasks.ssh.engine import SshEngine

FLEET_LABEL = "tenfold.fleet"
"""On the Swarm: the name of the fleet that it is of."""
BEGUN_LABEL = "tenfold.begun"
"""On the Swarm: when it was begun in place of another, in seconds since the epoch. Of two the later one counts."""
HOST_LABEL = "tenfold.host"
"""On a node: the host that it is, by the name that the list gives it."""
LEAVES_LABEL = "tenfold.leaves"
"""On a node: its host is to leave, and nothing new is placed there."""
Node = Mapping[str, Any]
"""A node, as the engine describes it."""


@dataclass(frozen=True, slots=True)
class FleetState:
    """The members of a fleet, and what is needed to change them."""

    members: tuple[Member, ...]
    addresses: Mapping[str, str]
    """The address by which a host that answers can be reached by the others."""
    nodes: Mapping[str, str]
    """The ids of the nodes, by host."""
    managers: tuple[str, ...]
    """The hosts whose engines answer as managers."""
    unlabelled: tuple[str, ...] = ()
    """The hosts that answer and whose nodes do not bear their names: a run was killed before it labelled them."""
    peers: Mapping[str, str] = field(default_factory=dict)
    """The addresses of all members as the managers know them, also of those that do not answer."""
    stale: tuple[str, ...] = ()
    """The ids of nodes that are down, and whose hosts answer and say that they are others, or none."""
    held_back: frozenset[str] = frozenset()
    """The hosts that a run let nothing new be placed on, for they were to leave."""
    outdated: tuple[str, ...] = ()
    """The hosts that are still in the Swarm which the fleet had before a new one was begun."""


@dataclass(frozen=True, slots=True)
class ManagerView:
    """What one manager says of its Swarm."""

    labels: Mapping[str, str]
    nodes: Sequence[Node]

    @property
    def begun(self) -> int:
        """When it was begun in place of another; 0 for the fleet's first one."""
        return begun_of(self.labels)


def begun_of(labels: Mapping[str, str]) -> int:
    """When a Swarm with these labels was begun in place of another; 0 for the fleet's first one."""
    text = labels.get(BEGUN_LABEL, "0")
    return int(text) if text.isdecimal() else 0


def look_at_fleet(
    fleet: str, engines: FleetEngines, leaving: Sequence[Host] = (), lost: Collection[str] = ()
) -> FleetState:
    """Look at every host. `leaving` are those of the connections that are no longer in the list. Of these a person gave
    up the `lost`, with the data that they hold.

    Raises PlanError for a Swarm that is not this fleet's, or that has a node which is in no list. Raises TransientError
    while the managers choose a leader, or where hosts know of managers that do not answer.
    """
    outcomes = read_facts(engines.connections)
    readings = {host: reading for host, reading in outcomes.items() if isinstance(reading, HostReading)}
    return fleet_state(fleet, engines, readings, leaving, lost)


def fleet_state(
    fleet: str,
    engines: FleetEngines,
    readings: Mapping[str, HostReading],
    leaving: Sequence[Host] = (),
    lost: Collection[str] = (),
) -> FleetState:
    """The same by facts that were read just now: of every host that answers."""
    swarms = {host: swarm for host, reading in readings.items() if (swarm := _swarm(reading)) is not None}
    managers = tuple(host for host, swarm in swarms.items() if swarm.is_manager)
    addresses = {host: reading.facts.address or host for host, reading in readings.items()}
    names = [host.name for host in engines.connections.hosts]
    data = {host.name: () if host.name in lost else _data(host.name, engines, readings) for host in leaving}
    told_views = _views(fleet, engines, managers, swarms) if managers else {}
    views = {host: view for host, view in told_views.items() if view.labels.get(FLEET_LABEL) == fleet}
    others = told_views.keys() - views.keys()
    if not views:
        _require_known_managers(swarms, names, readings)
        told = [_told_by_itself(name, readings.get(name), swarms) for name in names]
        return FleetState(_with_data(told, data), addresses, {}, managers)
    begun = max(view.begun for view in views.values())
    managers = tuple(host for host in managers if host not in views or views[host].begun == begun)
    nodes = next(view.nodes for view in views.values() if view.begun == begun)
    outdated = tuple(host for host in _outdated(fleet, nodes, readings, swarms) if begun and host not in others)
    swarms = {host: swarm for host, swarm in swarms.items() if host not in outdated}
    managers = tuple(host for host in managers if host not in outdated)
    _require_own(nodes, swarms)
    stale = tuple(node for node in nodes if _is_stale(node, readings, swarms))
    by_host = _by_hosts([node for node in nodes if node not in stale], swarms)
    _require_known(by_host, names)
    told = [_told_by_managers(name, by_host.get(name), readings) for name in names]
    ids = {host: node["ID"] for host, node in by_host.items()}
    unlabelled = tuple(host for host, node in by_host.items() if _label_of(node) != host)
    peers = {host: _node_address(node) for host, node in by_host.items()}
    held_back = frozenset(host for host, node in by_host.items() if LEAVES_LABEL in (node["Spec"].get("Labels") or {}))
    return FleetState(
        _with_data(told, data), addresses, ids, managers, unlabelled, peers, tuple(node["ID"] for node in stale),
        held_back, outdated,
    )  # fmt: skip


def _is_stale(node: Node, readings: Mapping[str, HostReading], swarms: Mapping[str, SwarmFacts]) -> bool:
    """Whether its host is another node by now, or none: it left by force, or a run was killed before it removed it."""
    host = _label_of(node)
    if node["Status"]["State"] != "down" or not _answers(readings.get(host)):
        return False
    return host not in swarms or swarms[host].node != node["ID"]


def _node_address(node: Node) -> str:
    """Of a manager what it tells the others: as a node its address may be 0.0.0.0."""
    manager = (node.get("ManagerStatus") or {}).get("Addr", "").rpartition(":")[0].strip("[]")
    return str(manager or node["Status"].get("Addr", ""))


def members_among(nodes: Iterable[Node]) -> tuple[Member, ...]:
    """The members that the nodes of a Swarm are, by their labels."""
    return tuple(_told_by_managers(_label_of(node), node, {}) for node in nodes if _label_of(node))


def _data(host: str, engines: FleetEngines, readings: Mapping[str, HostReading]) -> tuple[str, ...] | None:
    """What a host holds. One that did not answer just now is not asked again."""
    return data_on(host, engines) if _answers(readings.get(host)) else None


def _with_data(members: Sequence[Member], data: Mapping[str, tuple[str, ...] | None]) -> tuple[Member, ...]:
    """The members; of those that are to leave, with the data that they hold."""
    return tuple(
        replace(member, is_listed=False, data=data[member.host]) if member.host in data else member
        for member in members
    )


def _swarm(reading: HostReading) -> SwarmFacts | None:
    """The Swarm that a host is in; None for a host that is in none."""
    engine = reading.facts.engine
    return engine.swarm if engine and engine.swarm and engine.swarm.state not in ("inactive", "left") else None


def _views(
    fleet: str, engines: FleetEngines, managers: tuple[str, ...], swarms: Mapping[str, SwarmFacts]
) -> dict[str, ManagerView]:
    """What each manager says that has a quorum behind it; empty if none has.

    Raises PlanError where all speak for Swarms of others, and TransientError while they choose a leader.
    """
    views, failure = dict[str, ManagerView](), TransientError("no manager of the Swarm answers.")
    for host in managers:
        try:
            views[host] = engines.ask_one((host,), _view)
        except TransientError as error:
            failure = error
    if views and not any(view.labels.get(FLEET_LABEL) == fleet for view in views.values()):
        host, view = next(iter(views.items()))
        owner = view.labels.get(FLEET_LABEL)
        raise _foreign(host, f"is in a Swarm of {f'the fleet {owner}' if owner else 'somebody else'}")
    if not views:
        count = max(len(managers), *(len(swarm.managers) for swarm in swarms.values()))
        if has_quorum(count, len(managers)):
            raise TransientError(f"the managers of the Swarm choose a leader: {failure}") from failure
    return views


def _view(engine: SshEngine) -> ManagerView:
    return ManagerView(engine.inspect_swarm()["Spec"].get("Labels") or {}, engine.nodes())


def _outdated(
    fleet: str,
    nodes: Sequence[Node],
    readings: Mapping[str, HostReading],
    swarms: Mapping[str, SwarmFacts],
) -> tuple[str, ...]:
    """The hosts of this fleet that are none of its Swarm's nodes, and in one that hosts of it manage.

    They were away when a new Swarm was begun. A host without the fleet's mark is in somebody else's.
    """
    known, own = {node["ID"] for node in nodes}, {reading.facts.address for reading in readings.values()}
    return tuple(
        host
        for host, swarm in swarms.items()
        if swarm.node not in known and readings[host].facts.fleet == fleet and _manager_addresses(swarm) & own
    )


def _require_own(nodes: Sequence[Node], swarms: Mapping[str, SwarmFacts]) -> None:
    """Each host that is in a Swarm is in the one of these nodes."""
    known = {node["ID"] for node in nodes}
    for host, swarm in swarms.items():
        if swarm.node not in known:
            raise _foreign(host, "is in another Swarm than the fleet's, or was removed from it")


def _require_known_managers(
    swarms: Mapping[str, SwarmFacts], names: Sequence[str], readings: Mapping[str, HostReading]
) -> None:
    """Where no manager speaks: a worker belongs to the fleet if one of its managers is in the list.

    A host that is listed by its name, or reached by another address than its peers use, is known by what it says of
    itself. Raises PlanError only if every host does; otherwise TransientError: a silent one may be the manager.
    """
    known = {_address(name) for name in names} | {reading.facts.address for reading in readings.values()}
    for host, swarm in swarms.items():
        managers = _manager_addresses(swarm)
        if swarm.is_manager or managers & known:
            continue
        where = ", ".join(sorted(managers)) or "unknown"
        if all(_is_told(readings.get(name)) for name in names):
            raise _foreign(host, f"is in a Swarm whose managers are in no list ({where})")
        silent = [name for name in names if not _is_told(readings.get(name))]
        raise TransientError(
            f"the managers of the Swarm that {host} is in do not answer ({where}). Start these again, which may be "
            f"among them: {', '.join(silent)}."
        )


def _manager_addresses(swarm: SwarmFacts) -> set[str]:
    return {manager.rpartition(":")[0].strip("[]") for manager in swarm.managers}


def _is_told(reading: HostReading | None) -> bool:
    """Whether it is known which Swarm a host is in. Without an engine it is in none."""
    return reading is not None and (reading.facts.engine is None or reading.facts.engine.answers)


def _foreign(host: str, what: str) -> PlanError:
    return PlanError(
        f"{host} {what}. Let it leave that one (docker swarm leave --force), which ends what runs there, or take it "
        "out of the list."
    )


def _address(name: str) -> str:
    """The address in a host's name."""
    return name.strip("[]").partition("]:")[0]


def _by_hosts(nodes: Sequence[Node], swarms: Mapping[str, SwarmFacts]) -> dict[str, Node]:
    """The nodes by their hosts; one that a killed run did not label yet, by what its host says of itself.

    A host that joined anew says which of two nodes with its label it is.
    """
    ids = {swarm.node: host for host, swarm in swarms.items()}
    named: dict[str, Node] = {}
    for node in sorted(nodes, key=lambda node: node["ID"] in ids):
        named[ids.get(node["ID"]) or _label_of(node) or f"{node['Description']['Hostname']} ({node['ID']})"] = node
    return named


def _label_of(node: Node) -> str:
    """The host that it is by its label; empty without one."""
    return str((node["Spec"].get("Labels") or {}).get(HOST_LABEL, ""))


def _require_known(by_host: Mapping[str, Node], names: Sequence[str]) -> None:
    if strangers := sorted(set(by_host) - set(names)):
        raise PlanError(
            f"the fleet's Swarm has members that are in no list: {', '.join(strangers)}. Put them into the list, or "
            "remove them from it: docker node rm --force"
        )


def _told_by_managers(name: str, node: Node | None, readings: Mapping[str, HostReading]) -> Member:
    if node is None:
        return Member(name, None, _answers(readings.get(name)))
    if "ManagerStatus" in node:
        return Member(name, "manager", node["ManagerStatus"].get("Reachability") == "reachable")
    role: Role = "manager" if node["Spec"]["Role"] == "manager" else "worker"
    return Member(name, role, node["Status"]["State"] == "ready")


def _told_by_itself(name: str, reading: HostReading | None, swarms: Mapping[str, SwarmFacts]) -> Member:
    """Where no manager speaks for all. A host without an answer is a manager if others know it as one."""
    known = set[str]().union(*map(_manager_addresses, swarms.values()))
    if name in swarms:
        return Member(name, "manager" if swarms[name].is_manager else "worker", _answers(reading))
    role: Role | None = "manager" if reading is None and _address(name) in known else None
    return Member(name, role, _answers(reading))


def _answers(reading: HostReading | None) -> bool:
    return reading is not None and reading.facts.engine is not None and reading.facts.engine.answers
