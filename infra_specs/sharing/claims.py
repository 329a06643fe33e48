"""Which hosts a stack answers for at which ports of its machine, and what two stacks cannot both have."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from infra_specs.errors import PlanError
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Target
from infra_specs.stackfile.models.tls import HTTPS_PORT

Protocol = Literal["https", "http"]
ANY_HOST = "*"
_WORDS: dict[Protocol, str] = {"https": "HTTPS", "http": "plain HTTP"}


@dataclass(frozen=True, slots=True, order=True)
class HostClaim:
    """One host at one port of one machine, and the stack that answers for it there."""

    machine: str
    port: int
    host: str
    stack: str
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class Claims:
    """What one stack claims, in order."""

    hosts: tuple[HostClaim, ...] = ()


NO_CLAIMS = Claims()


def machine_of(target: Target) -> str:
    """Which machine's ports the stacks of a target have: equal for two targets that name the same."""
    return f"{target.provider} {target.machine}".strip()


def claims_of(stack: Stack, *running: Stack) -> Claims:
    """The claims of a stack: of its file, and of what it is `running` if that differs.

    A port that any free one may stand for is nobody else's, and is not claimed, nor is one where none are shared.
    """
    hosts = {(claim.port, claim.host): claim for each in (*running, stack) for claim in _claims(each)}
    return Claims(tuple(sorted(hosts.values())))


def _claims(stack: Stack) -> Iterator[HostClaim]:
    public = (service for service in stack.services.values() if service.public and service.port is not None)
    hosts = sorted({service.route.host.lower() for service in public})
    machine = machine_of(stack.target)
    for port, protocol in _ports(stack) if stack.target.shares_ports else ():
        for host in hosts:
            yield HostClaim(machine, port, host, stack.name, protocol)


def _ports(stack: Stack) -> Iterator[tuple[int, Protocol]]:
    tls = stack.tls
    if port := stack.target.ports.get("public_port", HTTPS_PORT if tls and tls.email else None):
        yield port, "https" if tls else "http"
    if tls and tls.http_port:
        yield tls.http_port, "http"


def refuse_conflicts(own: Claims, others: Iterable[HostClaim]) -> None:
    """Raise PlanError that names every claim another stack of the same machine has already, and what to do."""
    others = tuple(others)
    faults = dict.fromkeys(fault for claim in own.hosts for fault in _faults(claim, others))
    if faults:
        raise PlanError("\n".join([f"{own.hosts[0].stack} cannot have these ports of its machine:", *faults]))


def without_conflicts(own: Claims, others: Iterable[HostClaim]) -> Claims:
    """The claims that no other stack stands in the way of."""
    others = tuple(others)
    free = (claim for claim in own.hosts if not any(_faults(claim, others)))
    return Claims(tuple(free))


def _faults(claim: HostClaim, others: Iterable[HostClaim]) -> Iterator[str]:
    for other in others:
        at_one_port = (claim.machine, claim.port) == (other.machine, other.port) and claim.stack != other.stack
        if at_one_port and (fault := _fault(claim, other)):
            yield fault


def _fault(claim: HostClaim, other: HostClaim) -> str:
    """Why the two cannot both stand, as a line; empty if they can share the port."""
    where = f"  port {claim.port}"
    if claim.protocol != other.protocol:
        return (
            f"{where}: {other.stack} speaks {_WORDS[other.protocol]} there and {claim.stack} {_WORDS[claim.protocol]}. "
            "Give another port."
        )
    fault = _host_fault(claim.host, other.host, other.stack)
    return f"{where}: {fault}" if fault else ""


def _host_fault(host: str, other: str, stack: str) -> str:
    """Why two stacks cannot have these hosts at one port; empty if they can. `stack` has the `other`."""
    if ANY_HOST not in (host, other) and host == other:
        return f"{host} is {stack}'s already. Give another host, or take {stack} down first."
    if host == ANY_HOST:
        return (
            f"{stack} has it too, and two stacks share a port by host name. Write the host that people ask for, as in "
            "route: {host: shop.example.com}, or give another port."
        )
    if other == ANY_HOST:
        return (
            f"{stack} answers there for every host. Give {stack} its host first, as in route: "
            "{host: shop.example.com}, or give another port."
        )
    if _covers(other, host) or _covers(host, other):
        return f"{host} and {other}, which {stack} has, are not apart: one is among the other's. Write each host."
    return ""


def _covers(wide: str, host: str) -> bool:
    return wide.startswith("*.") and re.fullmatch(rf".+{re.escape(wide[1:])}", host) is not None
