"""The front of a machine: the small proxy that has the ports which stacks share, and leads to each by host name.

It is made when a second stack asks for a port, since one stack alone needs none, and stays until nobody has the port.
It decrypts nothing: each stack's own proxy does, behind it.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from infra_specs.resources.address import Address
from infra_specs.sharing.claims import Claims, HostClaim, Protocol
from infra_specs.stackfile.models.target import Target

_TARGETS: TypeAdapter[Target] = TypeAdapter(Target)
FRONT_KIND = "front"
FRONT_ADDRESS = str(Address(FRONT_KIND, "main"))
FRONT_EDITION = 1
"""Of what every front is told, whatever the stacks say. With another one, fronts that run are told anew."""
FrontPort = tuple[str, int]
"""A machine, and a port of it that its front has or is to have."""


@dataclass(frozen=True, slots=True)
class ClaimedHosts:
    """The claims of all stacks, and the ports that fronts have, at one moment."""

    claims: tuple[HostClaim, ...] = ()
    shared: frozenset[FrontPort] = frozenset()

    def of(self, stack: str) -> tuple[HostClaim, ...]:
        """The claims of this stack, in order."""
        return tuple(claim for claim in self.claims if claim.stack == stack)

    def of_others(self, stack: str) -> tuple[HostClaim, ...]:
        """The claims of all stacks but this one."""
        return tuple(claim for claim in self.claims if claim.stack != stack)


@dataclass(frozen=True, slots=True)
class SharedPort:
    """One port of the front: which stack answers for which host."""

    port: int
    protocol: Protocol
    hosts: Mapping[str, str]


def front_name(machine: str) -> str:
    """What the front of a machine is called where stacks have their names. No stack can be called so."""
    provider, _, detail = machine.partition(" ")
    digits = f"_{hashlib.sha256(detail.encode()).hexdigest()[:8]}" if detail else ""
    return f"front_{provider}{digits}"


def shared_after(claims: Iterable[HostClaim], before: Collection[FrontPort]) -> frozenset[FrontPort]:
    """The ports that fronts have with these claims of all stacks, and had `before`.

    A port is shared from its second stack on, and stays so until the last is gone: to hand it back would cost requests.
    """
    stacks: dict[FrontPort, set[str]] = {}
    for claim in claims:
        stacks.setdefault((claim.machine, claim.port), set()).add(claim.stack)
    return frozenset(place for place, names in stacks.items() if len(names) > 1 or place in before)


def ports_behind(own: Claims, known: ClaimedHosts) -> tuple[int, ...]:
    """The ports of a stack's proxy that the front has in its place once these are its claims, in order."""
    if not own.hosts:
        return ()
    shared = shared_after((*own.hosts, *known.of_others(own.hosts[0].stack)), known.shared)
    return tuple(sorted({claim.port for claim in own.hosts if (claim.machine, claim.port) in shared}))


def ports_of_front(machine: str, known: ClaimedHosts) -> tuple[SharedPort, ...]:
    """What the front of a machine leads where, in order of its ports; nothing where it has no port."""
    ports: dict[int, SharedPort] = {}
    for claim in known.claims:
        if claim.machine == machine and (machine, claim.port) in known.shared:
            earlier = ports.get(claim.port)
            hosts = {**(earlier.hosts if earlier else {}), claim.host: claim.stack}
            ports[claim.port] = SharedPort(claim.port, claim.protocol, hosts)
    return tuple(ports.values())


def front_target(machine: str) -> Target:
    """The target that the front of a machine is on."""
    provider, _, detail = machine.partition(" ")
    return _TARGETS.validate_python({"provider": provider, **({"host": detail} if detail else {})})


def sharing_notes(own: Claims, known: ClaimedHosts) -> tuple[str, ...]:
    """A sentence for each port of a stack that it shares, or will once these are its claims."""
    notes = list[str]()
    for machine, port in sorted({(claim.machine, claim.port) for claim in own.hosts}):
        others = known.of_others(own.hosts[0].stack)
        names = sorted({claim.stack for claim in others if (claim.machine, claim.port) == (machine, port)})
        if (machine, port) in known.shared:
            notes.append(f"port {port} is the front's, which leads to {_listed(names)} by host name")
        elif names:
            notes.append(
                f"port {port} is {names[0]}'s until now: a front takes it over and leads to both by host name. "
                f"{names[0]} gives it up for that, so for some seconds nobody answers there, this once"
            )
    return tuple(notes)


def _listed(names: Iterable[str]) -> str:
    return " and ".join(("this stack", *names))
