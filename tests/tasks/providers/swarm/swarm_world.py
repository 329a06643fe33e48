"""A small world for the swarm target's tests: what is left of the tests' stacks on the hosts, and how it is removed."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from docker.errors import APIError

from infra_specs.stackfile.models.target import Swarm
from tasks.providers.docker.labels import STACK_LABEL
from tasks.providers.swarm import SwarmProvider
from tasks.providers.swarm.engine import HostEngines
from tasks.ssh.connections import Connections
from tests.support.hosts.bench import HostBench
from tests.support.waiting import wait_until


def opened(bench: HostBench, home: Path) -> SwarmProvider:
    """The target of all hosts. Close it after use."""
    target = Swarm(provider="swarm", hosts=list(bench.hosts))
    return SwarmProvider(Connections(bench.hosts, bench.key, home), target)


@contextmanager
def engines(bench: HostBench, home: Path) -> Iterator[HostEngines]:
    """The hosts' engines."""
    with closing(Connections(bench.hosts, bench.key, home)) as connections:
        clients = HostEngines(connections, 60.0)
        yield clients
        clients.close()


def clear(bench: HostBench, home: Path) -> None:
    """Remove everything of any stack. Hosts that do not answer are a test's own affair."""
    with engines(bench, home) as clients:
        manager = clients.of(bench.hosts[0].name)
        filters = {"label": STACK_LABEL}
        for service in manager.services(filters=filters):
            _gone(lambda id=service["ID"]: manager.remove_service(id))
        for host in bench.hosts:
            engine = clients.of(host.name)
            wait_until(lambda engine=engine: _removed(engine, filters), f"{host} is empty")
        for config in manager.configs(filters=filters):
            _gone(lambda id=config["ID"]: manager.remove_config(id))
        for secret in manager.secrets(filters=filters):
            _gone(lambda id=secret["ID"]: manager.remove_secret(id))
        for network in manager.networks(filters=filters):
            wait_until(lambda id=network["Id"]: _gone(lambda: manager.remove_network(id)), "its network is removed")


def left(bench: HostBench, home: Path) -> list[str]:
    """Everything of any stack on the hosts and in their Swarm, by name."""
    found: list[str] = []
    filters = {"label": STACK_LABEL}
    with engines(bench, home) as clients:
        manager = clients.of(bench.hosts[0].name)
        found += [item["Spec"]["Name"] for item in manager.services(filters=filters)]
        found += [item["Spec"]["Name"] for item in manager.configs(filters=filters)]
        found += [item["Spec"]["Name"] for item in manager.secrets(filters=filters)]
        for host in bench.hosts:
            engine = clients.of(host.name)
            found += [f"{host}: {item['Names']}" for item in engine.containers(all=True, filters=filters)]
            found += [f"{host}: {item['Name']}" for item in engine.volumes(filters=filters)["Volumes"] or ()]
            found += [f"{host}: {item['Name']}" for item in engine.networks(filters=filters)]
    return found


def _removed(engine: Any, filters: dict[str, str]) -> bool:
    for container in engine.containers(all=True, filters=filters):
        _gone(lambda id=container["Id"]: engine.remove_container(id, v=True, force=True))
    for volume in engine.volumes(filters=filters)["Volumes"] or ():
        _gone(lambda name=volume["Name"]: engine.remove_volume(name))
    return not engine.containers(all=True, filters=filters)


def _gone(remove: Callable[[], object]) -> bool:
    try:
        remove()
    except APIError as error:
        return error.status_code == 404
    return True
