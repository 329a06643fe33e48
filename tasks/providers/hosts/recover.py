"""A new Swarm of the hosts that are left, where the managers that answer are too few for a quorum."""

from infra_specs.errors import PlanError, ProviderError
from infra_specs.fleet.membership import has_quorum
from tasks.providers.hosts.engines import FleetEngines, translated
from tasks.providers.hosts.members import FLEET_LABEL
from tasks.providers.hosts.read_facts import HostReading, read_facts
from tasks.providers.hosts.swarm_steps import SWARM_PORT, leave_by_force


def recover(fleet: str, engines: FleetEngines) -> str:
    """Begin a new Swarm at the first manager that answers, with all nodes and stacks that it knows; returns its host.

    The other managers that answer leave the old Swarm, and join again as all new hosts do. Those that do not answer are
    members no more: nobody can demote a manager that the new Swarm never had. There is a quorum: nothing is done, and
    the answer is empty. Raises PlanError if no manager answers.
    """
    readings = {host: reading for host, reading in read_facts(engines.connections).items()
                if isinstance(reading, HostReading)}  # fmt: skip
    managers = tuple(host for host, reading in readings.items() if _manages(reading))
    if not managers:
        raise PlanError(
            f"No host of {fleet} that answers is a manager of its Swarm, so there is nothing to begin a new one with. "
            "Start a host that was one."
        )
    if _is_well(managers, engines):
        return ""
    first = managers[0]
    _begin(fleet, first, readings[first], engines)
    for other in managers[1:]:
        leave_by_force(other, engines)
    _remove_other_managers(first, engines)
    return first


def _manages(reading: HostReading) -> bool:
    engine = reading.facts.engine
    return bool(engine and engine.swarm and engine.swarm.is_manager)


def _is_well(managers: tuple[str, ...], engines: FleetEngines) -> bool:
    """Whether a manager answers for all, and none of its managers is missing beyond what it can bear."""
    try:
        nodes = engines.ask_one(managers, lambda engine: engine.nodes())
    except ProviderError:
        return False
    roles = [node for node in nodes if node["Spec"]["Role"] == "manager"]
    reachable = [node for node in roles if (node.get("ManagerStatus") or {}).get("Reachability") == "reachable"]
    return has_quorum(len(roles), len(reachable))


def _begin(fleet: str, host: str, reading: HostReading, engines: FleetEngines) -> None:
    """Alone already, by a run that was killed: it is begun anew, and nothing is lost."""
    engine = engines.of(host)
    with translated(host):
        spec = engine.create_swarm_spec(labels={FLEET_LABEL: fleet})
        address = reading.facts.address or host
        engine.init_swarm(
            f"{address}:{SWARM_PORT}", f"0.0.0.0:{SWARM_PORT}", force_new_cluster=True, swarm_spec=spec
        )  # fmt: skip


def _remove_other_managers(host: str, engines: FleetEngines) -> None:
    engine = engines.of(host)
    with translated(host):
        own = engine.info()["Swarm"]["NodeID"]
        for node in engine.nodes():
            if node["ID"] != own and node["Spec"]["Role"] == "manager":
                engine.remove_node(node["ID"], force=True)
