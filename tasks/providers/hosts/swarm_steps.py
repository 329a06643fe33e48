"""The steps of a fleet's membership, carried out. Each may be taken again after a kill, and ends in the same."""

from collections.abc import Callable
from typing import Any

from docker.errors import APIError, NotFound

from infra_specs.errors import ProviderError, TransientError
from infra_specs.fleet.membership import MembershipStep
from tasks.base.poll import wait_until
from tasks.providers.hosts.engines import FleetEngines, translated
from tasks.providers.hosts.members import FLEET_LABEL, HOST_LABEL, FleetState, Node
from tasks.ssh.engine import SshEngine

SWARM_PORT = 2377
SETTLE_SECONDS = 60.0
"""How long the managers may take until they count, or no longer count, a member."""
TRIES = 5
"""Changes of a node that may meet another change at the same moment."""


def carry_out(step: MembershipStep, fleet: str, state: FleetState, engines: FleetEngines) -> None:
    """Take one step, and return when the managers count it. Already so: success.

    `state` is as it was before the first of the steps. Raises ProviderError and its kinds.
    """
    steps: dict[str, Callable[[], None]] = {
        "start": lambda: _start(step.host, fleet, state, engines),
        "join": lambda: _join(step, state, engines),
        "promote": lambda: _set_role(step, state, engines),
        "demote": lambda: _set_role(step, state, engines),
        "leave": lambda: _leave(step.host, state, engines),
        "remove": lambda: _remove(step.host, state, engines),
    }
    steps[step.kind]()


def label_members(state: FleetState, engines: FleetEngines) -> None:
    """Name the nodes that a killed run joined and did not name, and remove those that are no host's any more.

    Hosts that are in the Swarm which the fleet had before leave it. Call it before the steps: so is a host known when
    it does not answer any more. Nothing is to be done: success. Raises ProviderError and its kinds.
    """
    for host in state.outdated:
        leave_by_force(host, engines)
    for node in state.stale:
        if _node(node, state.managers, engines):
            change_node(node, state.managers, engines, lambda spec: {**spec, "Role": "worker"})
        _forget(node, state.managers, engines)
    for host in state.unlabelled:
        _label(host, state.nodes[host], state.managers, engines)


def _start(host: str, fleet: str, state: FleetState, engines: FleetEngines) -> None:
    engine, address = engines.of(host), state.addresses[host]
    with translated(host):
        if engine.info()["Swarm"]["LocalNodeState"] == "inactive":
            spec = engine.create_swarm_spec(labels={FLEET_LABEL: fleet})
            engine.init_swarm(f"{address}:{SWARM_PORT}", f"0.0.0.0:{SWARM_PORT}", swarm_spec=spec)
    _label(host, _own_node_id(host, engines), (host,), engines)


def _join(step: MembershipStep, state: FleetState, engines: FleetEngines) -> None:
    """The token is asked for, given to the host, and kept nowhere."""
    managers = _managers(state, engines)
    engine = engines.of(step.host)
    with translated(step.host):
        if engine.info()["Swarm"]["LocalNodeState"] == "inactive":
            kind = "Manager" if step.role == "manager" else "Worker"
            token = engines.ask_one(managers, lambda manager: str(manager.inspect_swarm()["JoinTokens"][kind]))
            where = [f"{state.addresses[name]}:{SWARM_PORT}" for name in managers]
            engine.join_swarm(where, token, f"0.0.0.0:{SWARM_PORT}", f"{state.addresses[step.host]}:{SWARM_PORT}")
    node = _own_node_id(step.host, engines)
    _wait(lambda: _node(node, managers, engines), lambda found: _is_counted(found, step.role), f"{step.host} joined")
    _label(step.host, node, managers, engines)


def _set_role(step: MembershipStep, state: FleetState, engines: FleetEngines) -> None:
    """Asked of another manager than the one that it is about, which may end as one meanwhile."""
    managers = _managers(state, engines, without=step.host)
    node = _node_id(step.host, state, engines)
    change_node(node, managers, engines, lambda spec: {**spec, "Role": step.role})
    _wait(lambda: _node(node, managers, engines), lambda found: _is_counted(found, step.role), f"{step} took effect")


def _leave(host: str, state: FleetState, engines: FleetEngines) -> None:
    """What runs on it moves first, and then it leaves."""
    managers = _managers(state, engines, without=host)
    node = _node_id(host, state, engines)
    if _node(node, managers, engines):
        change_node(node, managers, engines, lambda spec: {**spec, "Availability": "drain"})
        _wait(lambda: _tasks(node, managers, engines), lambda tasks: not tasks, f"the tasks of {host} ended")
    engine = engines.of(host)
    with translated(host):
        if engine.info()["Swarm"]["LocalNodeState"] != "inactive":
            engine.leave_swarm()
    _forget(node, managers, engines)


def leave_by_force(host: str, engines: FleetEngines) -> None:
    """Let a host leave its Swarm, whatever becomes of the others. It is in none: success."""
    engine = engines.of(host)
    with translated(host):
        if engine.info()["Swarm"]["LocalNodeState"] != "inactive":
            engine.leave_swarm(force=True)


def _remove(host: str, state: FleetState, engines: FleetEngines) -> None:
    """A host without an answer: its engine will learn of it when it comes back."""
    managers = _managers(state, engines, without=host)
    node = _node_id(host, state, engines)
    if _node(node, managers, engines):
        change_node(node, managers, engines, lambda spec: {**spec, "Role": "worker"})
        _wait(
            lambda: _node(node, managers, engines),
            lambda found: _is_counted(found, "worker"),
            f"{host} decides no more",
        )
    _forget(node, managers, engines)


def _managers(state: FleetState, engines: FleetEngines, without: str = "") -> tuple[str, ...]:
    """Hosts to ask as managers now: others may have become some, and some none, since the fleet was looked at."""
    names = (*state.managers, *(name for name in state.addresses if name not in state.managers))
    found = tuple(name for name in names if name != without and _is_manager(name, engines))
    if not found:
        raise TransientError("no manager of the Swarm answers.")
    return found


def _is_manager(name: str, engines: FleetEngines) -> bool:
    try:
        with translated(name):
            return bool(engines.of(name).info()["Swarm"].get("ControlAvailable"))
    except ProviderError:
        return False


def _node_id(host: str, state: FleetState, engines: FleetEngines) -> str:
    """Of a host that has joined meanwhile, what its own engine says."""
    if known := state.nodes.get(host):
        return known
    return _own_node_id(host, engines)


def _own_node_id(host: str, engines: FleetEngines) -> str:
    with translated(host):
        return str(engines.of(host).info()["Swarm"]["NodeID"])


def _node(node: str, managers: tuple[str, ...], engines: FleetEngines) -> Node | None:
    def asked(engine: SshEngine) -> Node | None:
        try:
            found: Node = engine.inspect_node(node)
        except NotFound:
            return None
        return found

    return engines.ask_one(managers, asked)


def _tasks(node: str, managers: tuple[str, ...], engines: FleetEngines) -> list[Any]:
    """The tasks that still run there."""
    tasks: list[Any] = engines.ask_one(
        managers,
        lambda engine: engine.tasks(filters={"node": node}),  # type: ignore[no-untyped-call]  # its types lack it
    )
    return [task for task in tasks if task["Status"]["State"] in ("running", "starting", "preparing", "ready")]


def _is_counted(node: Node | None, role: str) -> bool:
    """Whether the managers count a member as what it shall be."""
    if node is None:
        return False
    if role == "manager":
        return bool((node.get("ManagerStatus") or {}).get("Reachability") == "reachable")
    return "ManagerStatus" not in node and bool(node["Spec"]["Role"] == "worker")


def _label(host: str, node: str, managers: tuple[str, ...], engines: FleetEngines) -> None:
    change_node(
        node, managers, engines, lambda spec: {**spec, "Labels": {**(spec.get("Labels") or {}), HOST_LABEL: host}}
    )


def change_node(
    node: str, managers: tuple[str, ...], engines: FleetEngines, changed: Callable[[dict[str, Any]], Any]
) -> None:
    """Change what is wanted of a node. Its version tells if somebody else did meanwhile; then it is done again.

    So already: success. Raises ProviderError and its kinds.
    """

    def asked(engine: SshEngine) -> None:
        for number in range(TRIES):
            found = engine.inspect_node(node)
            wanted = changed(dict(found["Spec"]))
            if wanted == found["Spec"]:
                return
            try:
                engine.update_node(node, found["Version"]["Index"], wanted)
            except APIError:
                if number == TRIES - 1:
                    raise
            else:
                return

    engines.ask_one(managers, asked)


def _forget(node: str, managers: tuple[str, ...], engines: FleetEngines) -> None:
    def asked(engine: SshEngine) -> None:
        try:
            engine.remove_node(node, force=True)
        except NotFound:
            return

    engines.ask_one(managers, asked)


def _wait(look: Callable[[], Any], done: Callable[[Any], bool], what: str) -> None:
    if not done(wait_until(look, done, SETTLE_SECONDS)):
        raise TransientError(f"it was not seen within {SETTLE_SECONDS:g} s that {what}.")
