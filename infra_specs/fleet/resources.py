"""The resources of a fleet: of each host its mark, its engine, its firewall, its upkeep, its place in the Swarm.

`host/10.0.0.11` is the mark that says whose a host is. The engine and the upkeep stay on a host that leaves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from infra_specs.fleet.membership import Role
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource, Setting

Kind = Literal["host", "engine", "firewall", "upkeep", "member"]
UPKEEP = {"upgrades": True, "time": True}
"""Security updates come by themselves, and something keeps the clock right."""
_FIRST: Mapping[Kind, tuple[Kind, ...]] = {
    "host": (),
    "engine": ("host",),
    "firewall": ("host", "engine"),
    "upkeep": ("host", "engine", "firewall"),  # its packages take long, and members need no more than the firewall
    "member": ("host", "engine", "firewall"),
}
RULES = "rules"
"""What differs of a firewall that somebody else has changed. It is set again in place."""


@dataclass(frozen=True, slots=True)
class PreparedHost:
    """What a host that answers shall be."""

    name: str
    ssh_port: int
    sets_firewall: bool
    """Whether the firewall is ours; another one that is active stays as it is."""


def address(kind: Kind, host: str) -> str:
    """The address of a host's resource."""
    return str(Address(kind, host))


def host_of(address: str) -> str:
    """The name of the host that a resource is of."""
    return Address.parse(address).short


def after(kind: Kind, host: str) -> tuple[str, ...]:
    """What of the same host must be there first, and goes last."""
    return tuple(address(first, host) for first in _FIRST[kind])


def host(fleet: str, name: str) -> Resource:
    """The mark of a host."""
    return Resource(fleet, address("host", name), "host")


def engine(fleet: str, name: str) -> Resource:
    """A Docker Engine that answers. Which one it is, and its settings, is left to the host."""
    return Resource(fleet, address("engine", name), "engine", after=after("engine", name))


def firewall(fleet: str, name: str, ssh_port: int, public: Iterable[int], peers: Iterable[str]) -> Resource:
    """What may reach a host. `peers`: the addresses of the other hosts."""
    settings: dict[str, Setting] = {"ssh": ssh_port, "public": sorted(set(public)), "peers": sorted(set(peers))}
    return Resource(
        fleet, address("firewall", name), "firewall", settings, (*settings, RULES), after("firewall", name)
    )  # fmt: skip


def upkeep(fleet: str, name: str, upkeep: Mapping[str, bool] = UPKEEP) -> Resource:
    """What keeps a host well by itself."""
    return Resource(fleet, address("upkeep", name), "upkeep", dict(upkeep), tuple(upkeep), after("upkeep", name))


def member(fleet: str, name: str, role: Role, first: Iterable[str] = ()) -> Resource:
    """A host's place in the Swarm. `first`: what of all hosts must be there before any joins."""
    return Resource(
        fleet, address("member", name), "member", {"role": role}, ("role",), tuple(dict.fromkeys(first))
    )  # fmt: skip


def fleet_resources(
    fleet: str,
    hosts: Iterable[PreparedHost],
    roles: Mapping[str, Role],
    addresses: Mapping[str, str],
    public: Iterable[int],
) -> tuple[Resource, ...]:
    """Everything of a fleet that can be seen to now.

    `hosts` are those that answer, `roles` those of all that shall be members, and `addresses` where hosts reach each
    other. A host that does not answer is left as it is, and stays a peer of the others.
    """
    answering, ports = tuple(hosts), tuple(public)
    prepared = [resource for prepared_host in answering for resource in _own(fleet, prepared_host, addresses, ports)]
    first = [resource.address for resource in prepared if resource.kind in ("engine", "firewall")]
    return (*prepared, *(member(fleet, name, role, first) for name, role in roles.items()))


def _own(fleet: str, prepared: PreparedHost, addresses: Mapping[str, str], public: Iterable[int]) -> list[Resource]:
    name = prepared.name
    peers = [peer for other, peer in addresses.items() if other != name]
    resources = [host(fleet, name), engine(fleet, name)]
    if prepared.sets_firewall:
        resources.append(firewall(fleet, name, prepared.ssh_port, public, peers))
    return [*resources, upkeep(fleet, name)]
