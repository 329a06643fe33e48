"""One private network a stack, in which every container keeps its address for life.

The engine gives a container another address whenever it is started anew, but not if the network's range was chosen by
hand: so the engine finds a range that is free, and the network is made of it by hand. What people attach themselves
gets addresses of the upper half, ours are of the lower.
"""

import ipaddress
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError, NotFound
from docker.types import IPAMConfig, IPAMPool

from infra_specs.errors import ProviderError
from infra_specs.sharing.front import FRONT_KIND
from tasks.providers.docker.engine.errors import engine_message
from tasks.providers.docker.labels import is_of_kind, name_of, only, part_of

Range = ipaddress.IPv4Network
_ATTEMPTS = 5
_BRIDGE_OPTION = "com.docker.network.bridge.name"
_RANGE_CONFLICTS = ("overlap", "ddress already in use")
"""What engines say of a range that is another network's."""


@dataclass(frozen=True, slots=True)
class Network:
    """A stack's network."""

    name: str
    ours: Range
    """What our containers' addresses are taken from."""
    gateway: str
    front: str
    """The address of the machine's front here, which no other container of ours gets."""
    bridge: str
    """The interface that its engine's machine has in it. An engine names it after the network's own random id."""

    @property
    def is_near(self) -> bool:
        """Whether this machine is part of it, so that containers can be reached directly: true of a local engine.

        Addresses say nothing of that: another engine's network may have the same range.
        """
        return any(name == self.bridge for _, name in socket.if_nameindex())


class Networks:
    """The stacks' networks, and who has which address."""

    def __init__(self, api: APIClient) -> None:
        self._api = api
        self._guard = threading.RLock()
        self._networks: dict[str, Network] = {}
        self._reserved: dict[str, set[str]] = {}

    def find(self, stack: str) -> Network | None:
        """The stack's network, if it has one."""
        with self._guard:
            if stack in self._networks:
                return self._networks[stack]
            for listed in self._api.networks(filters=only(stack)):
                if network := _network(listed):
                    self._networks[stack] = network
                    return network
            return None

    def need(self, stack: str) -> Network:
        """The stack's network, made if need be."""
        with self._guard:
            return self.find(stack) or self._make(stack)

    def take(self, stack: str) -> str:
        """An address for a new container, given to nobody else while this provider is open."""
        network = self.need(stack)
        with self._guard:
            if stack not in self._reserved:
                self._reserved[stack] = self._taken(stack, network.name)
            reserved = self._reserved[stack]
            for address in network.ours.hosts():
                if str(address) not in {*reserved, network.gateway, network.front}:
                    reserved.add(str(address))
                    return str(address)
        raise ProviderError(f"the network {network.name} has no address left for another container of {stack}")

    def remove(self, stack: str) -> None:
        """With the last container of the stack."""
        with self._guard:
            self._networks.pop(stack, None)
            self._reserved.pop(stack, None)
            for listed in self._api.networks(filters=only(stack)):
                try:
                    self._let_fronts_out(listed["Id"])
                    self._api.remove_network(listed["Id"])
                except NotFound:
                    continue

    def let_in(self, stack: str, container: str) -> None:
        """Let the front's container into the stack's network, made if need be. In already: success."""
        network = self.need(stack)
        try:
            self._api.connect_container_to_network(container, network.name, ipv4_address=network.front)
        except APIError as error:
            if "already exists in network" not in engine_message(error):
                raise

    def _let_fronts_out(self, identity: str) -> None:
        """No network goes while somebody is in it."""
        attached = self._api.inspect_network(identity)["Containers"] or {}
        for container in attached:
            if is_of_kind(self._api.inspect_container(container)["Config"]["Labels"], FRONT_KIND):
                self._api.disconnect_container_from_network(container, identity, force=True)

    def _make(self, stack: str) -> Network:
        """Somebody else may be given the range that was found before it is ours: then another is found."""
        for left in reversed(range(_ATTEMPTS)):
            try:
                return self._attempt(stack)
            except APIError as error:
                if not left or not any(words in engine_message(error) for words in _RANGE_CONFLICTS):
                    raise
        raise AssertionError

    def _attempt(self, stack: str) -> Network:
        for half_made in self._api.networks(filters=only(stack)):
            self._api.remove_network(half_made["Id"])
        # An internal one is sooner made and sooner removed.
        free = self._range_of(self._create(stack, f"{name_of(stack)}.range", None, internal=True))
        self._api.remove_network(f"{name_of(stack)}.range")
        _, upper = free.subnets(1)
        self._create(stack, name_of(stack), IPAMPool(str(free), iprange=str(upper), gateway=str(free[1])))
        network = self.find(stack)
        assert network is not None
        return network

    def _create(self, stack: str, name: str, pool: IPAMPool | None, *, internal: bool = False) -> str:
        created = self._api.create_network(
            name,
            driver="bridge",
            ipam=IPAMConfig(pool_configs=[pool]) if pool else None,
            labels=part_of(stack, "network"),
            internal=internal,
        )
        return str(created["Id"])

    def _range_of(self, identity: str) -> Range:
        network = self._api.inspect_network(identity)
        return Range(network["IPAM"]["Config"][0]["Subnet"])

    def _taken(self, stack: str, network: str) -> set[str]:
        containers = self._api.containers(all=True, filters=only(stack))
        return {address for container in containers if (address := address_in(container, network))}


def address_in(container: Mapping[str, Any], network: str) -> str:
    """The address that a container (listed or inspected) has in a network for life."""
    endpoint = container["NetworkSettings"]["Networks"].get(network) or {}
    return str((endpoint.get("IPAMConfig") or {}).get("IPv4Address") or endpoint.get("IPAddress") or "")


def _network(listed: dict[str, Any]) -> Network | None:
    """None for one whose range the engine chose: it was left half made."""
    pool = listed["IPAM"]["Config"][0]
    if not pool.get("IPRange"):
        return None
    lower, _ = Range(pool["Subnet"]).subnets(1)
    bridge = (listed.get("Options") or {}).get(_BRIDGE_OPTION) or f"br-{listed['Id'][:12]}"
    return Network(listed["Name"], lower, pool["Gateway"], str(lower[-2]), bridge)
