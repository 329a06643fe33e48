"""A new Swarm of the hosts that are left, where the managers that answer are too few for a quorum, or none."""

from collections.abc import Mapping

from infra_specs.errors import PlanError, ProviderError
from infra_specs.fleet.facts import SwarmFacts
from infra_specs.fleet.membership import has_quorum
from tasks.base.clock import now
from tasks.providers.hosts.engines import FleetEngines, translated
from tasks.providers.hosts.members import BEGUN_LABEL, FLEET_LABEL, HOST_LABEL, begun_of
from tasks.providers.hosts.read_facts import HostReading, read_facts
from tasks.providers.hosts.swarm_steps import SWARM_PORT, change_node, leave_by_force
from tasks.ssh.engine import SshEngine


def recover(fleet: str, engines: FleetEngines) -> str:
    """Begin a new Swarm at the first manager that answers, with all nodes and stacks that it knows; returns its host.

    The other managers that answer leave the old Swarm, and join again as all new hosts do. Those that do not answer are
    members no more: nobody can demote a manager that the new Swarm never had. Where no manager is left the new Swarm
    begins empty, at the first host that answers: its stacks begin anew, on the data that the hosts have. There is a
    quorum: nothing is done, and the answer is empty. Raises PlanError if no host of the fleet answers.
    """
    readings = {host: reading for host, reading in read_facts(engines.connections).items()
                if isinstance(reading, HostReading)}  # fmt: skip
    managers = tuple(host for host, reading in readings.items() if _manages(reading))
    if not managers:
        return _begin_empty(fleet, readings, engines)
    if _is_well(managers, engines):
        return ""
    first = _latest(managers, engines)
    _begin(fleet, first, readings[first], engines)
    for other in managers:
        if other != first:
            leave_by_force(other, engines)
    _remove_other_managers(first, engines)
    return first


def _manages(reading: HostReading) -> bool:
    swarm = _swarm(reading)
    return swarm is not None and swarm.is_manager


def _swarm(reading: HostReading) -> SwarmFacts | None:
    return reading.facts.engine.swarm if reading.facts.engine else None


def _is_well(managers: tuple[str, ...], engines: FleetEngines) -> bool:
    """Whether a manager answers for all, and none of its managers is missing beyond what it can bear."""
    try:
        nodes = engines.ask_one(managers, lambda engine: engine.nodes())
    except ProviderError:
        return False
    roles = [node for node in nodes if node["Spec"]["Role"] == "manager"]
    reachable = [node for node in roles if (node.get("ManagerStatus") or {}).get("Reachability") == "reachable"]
    return has_quorum(len(roles), len(reachable))


def _latest(managers: tuple[str, ...], engines: FleetEngines) -> str:
    """The manager of the Swarm that a killed run has begun, if one has; else the first."""
    begun = dict[str, int]()
    for host in managers:
        try:
            begun[host] = engines.ask_one((host,), lambda engine: begun_of(_labels(engine)))
        except ProviderError:
            begun[host] = 0  # it has no quorum
    return max(managers, key=lambda host: begun[host])


def _labels(engine: SshEngine) -> dict[str, str]:
    labels: dict[str, str] = engine.inspect_swarm()["Spec"].get("Labels") or {}
    return labels


def _begin(fleet: str, host: str, reading: HostReading, engines: FleetEngines) -> None:
    """Alone already, by a run that was killed: it is begun anew, and nothing is lost."""
    engine = engines.of(host)
    with translated(host):
        spec = engine.create_swarm_spec(labels={FLEET_LABEL: fleet})
        address = reading.facts.address or host
        engine.init_swarm(
            f"{address}:{SWARM_PORT}", f"0.0.0.0:{SWARM_PORT}", force_new_cluster=True, swarm_spec=spec
        )  # fmt: skip
        told = engine.inspect_swarm()
        labels = {**(told["Spec"].get("Labels") or {}), FLEET_LABEL: fleet}
        labels[BEGUN_LABEL] = str(max(begun_of(labels) + 1, int(now())))
        engine.update_swarm(told["Version"]["Index"], {**told["Spec"], "Labels": labels})


def _begin_empty(fleet: str, readings: Mapping[str, HostReading], engines: FleetEngines) -> str:
    """The others join it as all new hosts do, once they have left the old one."""
    own = [host for host, reading in readings.items() if reading.facts.fleet == fleet and _swarm(reading) is not None]
    if not own:
        raise PlanError(
            f"No host of {fleet} answers with an engine that runs, so there is nothing to begin a new Swarm with. "
            "Start one."
        )
    for host in own:
        leave_by_force(host, engines)
    first = own[0]
    engine = engines.of(first)
    with translated(first):
        spec = engine.create_swarm_spec(labels={FLEET_LABEL: fleet, BEGUN_LABEL: str(int(now()))})
        address = readings[first].facts.address or first
        engine.init_swarm(f"{address}:{SWARM_PORT}", f"0.0.0.0:{SWARM_PORT}", swarm_spec=spec)
        node = str(engine.info()["Swarm"]["NodeID"])
    change_node(
        node, (first,), engines, lambda spec: {**spec, "Labels": {**(spec.get("Labels") or {}), HOST_LABEL: first}}
    )
    return first


def _remove_other_managers(host: str, engines: FleetEngines) -> None:
    engine = engines.of(host)
    with translated(host):
        own = engine.info()["Swarm"]["NodeID"]
        for node in engine.nodes():
            if node["ID"] != own and node["Spec"]["Role"] == "manager":
                engine.remove_node(node["ID"], force=True)
