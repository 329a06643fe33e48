"""One overlay network a stack, which plain containers may join, too."""

import threading
from dataclasses import dataclass

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from infra_specs.errors import ProviderError, TransientError
from infra_specs.fleet.overlay import Overlay, overlay
from infra_specs.stackfile.models.hosts import Host
from tasks.base.poll import wait_until
from tasks.providers.docker.engine.errors import engine_message
from tasks.providers.docker.labels import only, part_of
from tasks.providers.hosts.read_facts import HostReading, read_facts
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.managers import ApiObject, Managers
from tasks.ssh.connections import Connections

MTU_OPTION = "com.docker.network.driver.mtu"
GONE_SECONDS = 30.0
"""How long a network may be in use by what has just been removed."""


@dataclass(frozen=True, slots=True)
class StackNetwork:
    """A stack's network."""

    name: str
    id: str
    is_near = False
    """No program outside of its containers is part of it."""


class Overlays:
    """The networks of the stacks."""

    def __init__(self, managers: Managers, connections: Connections) -> None:
        self._managers, self._connections = managers, connections
        self._guard = threading.Lock()
        self._known: dict[str, StackNetwork] = {}

    def find(self, stack: str) -> StackNetwork | None:
        """The stack's network, if it has one."""
        if stack not in self._known:
            listed: list[ApiObject] = self._managers.ask(lambda engine: list(engine.networks(filters=only(stack))))
            for network in listed:
                self._known[stack] = StackNetwork(network["Name"], network["Id"])
        return self._known.get(stack)

    def need(self, stack: str) -> StackNetwork:
        """The stack's network, made if need be."""
        with self._guard:
            if known := self.find(stack):
                return known
            self._make(stack)
            if made := self.find(stack):
                return made
        raise ProviderError(f"the network of stack {stack} vanished while it was made: plan again")

    def take(self, stack: str) -> str:
        """The address for a new container: empty, since the network chooses."""
        self.need(stack)
        return ""

    def remove(self, stack: str) -> None:
        """With the last of the stack; returns when it is gone."""
        with self._guard:
            self._known.pop(stack, None)
            wait_until(lambda: self._is_removed(stack), bool, GONE_SECONDS)

    def _is_removed(self, stack: str) -> bool:
        def asked(engine: HostEngine) -> bool:
            left = list(engine.networks(filters=only(stack)))
            for network in left:
                try:
                    engine.remove_network(network["Id"])
                except APIError as error:
                    if error.status_code == 404 or "in use" in engine_message(error):
                        continue
                    raise
            return not left

        try:
            return self._managers.ask(asked)
        except TransientError:
            return False

    def _make(self, stack: str) -> None:
        wanted = self._wanted(stack)
        options = {MTU_OPTION: str(wanted.mtu), **({"encrypted": ""} if wanted.encrypted else {})}
        self._managers.make(
            lambda engine: engine.create_network(
                network_name(stack),
                driver="overlay",
                attachable=True,
                options=options,
                ipam=IPAMConfig(pool_configs=[IPAMPool(subnet=wanted.subnet)]),
                labels=part_of(stack, "network"),
            )
        )

    def _wanted(self, stack: str) -> Overlay:
        readings = [reading for reading in read_facts(self._connections).values() if isinstance(reading, HostReading)]
        addresses = [*map(_address, self._connections.hosts), *(member.address for member in self._managers.members())]
        mtus = [reading.facts.mtu for reading in readings if reading.facts.mtu]
        taken = [pool["Subnet"] for network in self._managers.networks() for pool in _pools(network)]
        try:
            return overlay(stack, addresses, mtus, taken)
        except ValueError as error:
            raise ProviderError(f"{stack}: {error}") from error


def network_name(stack: str) -> str:
    """The name of a stack's network."""
    return f"tenfold_{stack}"


def _address(host: Host) -> str:
    return host.address


def _pools(network: ApiObject) -> list[ApiObject]:
    return [pool for pool in (network.get("IPAM") or {}).get("Config") or [] if "Subnet" in pool]
