"""Hosts that are to leave: nothing new is placed on them, and who stands there is known, so that it can move first."""

from collections.abc import Collection, Iterator
from typing import Any

from infra_specs.errors import ProviderError
from tasks.providers.docker.labels import STACK_LABEL, data_of, is_instance, only
from tasks.providers.hosts.engines import FleetEngines, translated
from tasks.providers.hosts.members import LEAVES_LABEL, FleetState
from tasks.providers.hosts.swarm_steps import change_node
from tasks.ssh.engine import SshEngine


def hold_back(leaving: Collection[str], state: FleetState, engines: FleetEngines) -> None:
    """Let the Swarm place nothing new on these members, and again on all others that were held back.

    What runs there goes on. What a person set for a member stays. So already: success. Raises ProviderError and its
    kinds.
    """
    for host, node in state.nodes.items():
        if host in leaving and host not in state.held_back:
            change_node(node, state.managers, engines, _held_back)
        elif host in state.held_back and host not in leaving:
            change_node(node, state.managers, engines, _released)


def stacks_on(hosts: Collection[str], state: FleetState, engines: FleetEngines) -> tuple[str, ...]:
    """The names of the stacks with a slot or a job on these hosts, of those that answer.

    A proxy is on every host, and is none. Raises ProviderError and its kinds.
    """
    nodes = [node for host, node in state.nodes.items() if host in hosts and host in state.addresses]
    if not nodes:
        return ()
    tasks, services = engines.ask_one(state.managers, lambda engine: (_tasks(engine, nodes), _services(engine)))
    slots = {services[task["ServiceID"]] for task in tasks if task.get("ServiceID") in services}
    jobs = {stack for host in hosts if host in state.addresses for stack in _jobs(host, engines)}
    return tuple(sorted(slots | jobs))


def _held_back(spec: dict[str, Any]) -> dict[str, Any]:
    labels = {**(spec.get("Labels") or {}), LEAVES_LABEL: "yes"}
    is_open = spec.get("Availability", "active") == "active"
    return {**spec, "Labels": labels, **({"Availability": "pause"} if is_open else {})}


def _released(spec: dict[str, Any]) -> dict[str, Any]:
    labels = {name: value for name, value in (spec.get("Labels") or {}).items() if name != LEAVES_LABEL}
    is_held = spec.get("Availability") == "pause"
    return {**spec, "Labels": labels, **({"Availability": "active"} if is_held else {})}


def _tasks(engine: SshEngine, nodes: list[str]) -> list[dict[str, Any]]:
    wanted = {"node": nodes, "desired-state": ["running"]}
    tasks: list[dict[str, Any]] = engine.tasks(filters=wanted)  # type: ignore[no-untyped-call]  # its types lack it
    return tasks


def _services(engine: SshEngine) -> dict[str, str]:
    """The stack of each service of one task, by the service's id."""
    services: list[dict[str, Any]] = engine.services(filters=only())  # type: ignore[no-untyped-call]
    return {
        service["ID"]: service["Spec"]["Labels"][STACK_LABEL]
        for service in services
        if "Global" not in service["Spec"]["Mode"]
    }


def _jobs(host: str, engines: FleetEngines) -> Iterator[str]:
    """The stacks of the jobs that run on a host. One that cannot be asked has none that could be waited for."""
    try:
        with translated(host):
            containers = engines.of(host).containers(filters=only())
    except ProviderError:
        return
    for container in containers:
        if is_instance(container["Labels"]) and data_of(container["Labels"])["kind"] == "job":
            yield container["Labels"][STACK_LABEL]
