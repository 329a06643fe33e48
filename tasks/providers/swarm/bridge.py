"""The network by which each container of a Swarm reaches its host, and the host it: a way in through SSH."""

from typing import Any

from infra_specs.stackfile.models.hosts import JumpHost
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.hosts import SwarmHosts

NETWORK = "docker_gwbridge"


def address_of(engine: HostEngine, container: str) -> str:
    """The address of a container, as its host knows it; empty for one that has none."""
    members = engine.inspect_network(NETWORK).get("Containers") or {}
    return str((members.get(container) or {}).get("IPv4Address") or "").partition("/")[0]


def connect(hosts: SwarmHosts, host: str, address: str, port: int) -> Any:
    """A channel to a port of a container, which works as a socket does. Close it after use. Raises ProviderError."""
    return hosts.connection(host).open_tcp(JumpHost(address=address, port=port))
