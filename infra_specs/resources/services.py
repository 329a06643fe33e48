"""Which service an address belongs to, how many copies of it are desired, and how many serve.

A copy is one running program of a service. Where a target counts, all of them are one resource, `service/web`, and its
`count` says how many. Elsewhere each is a resource of its own, `replica/web-0`. A canary stands beside both:
`service/web.canary`, `replica/web-canary`. Nothing outside this file tells the two forms apart.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from infra_specs.resources.address import CANARY, Address
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Ref, Resource, Setting

REPLICA, SERVICE = "replica", "service"
COUNT = "count"
"""The setting of a counted service that changes in place: how many copies it has."""
ENDPOINT = "endpoint"
"""The output that says where a copy, or all copies of a counted service, answer."""
COPY_KINDS = (REPLICA, SERVICE)
WRITERS = (*COPY_KINDS, "job", "files", "route")
"""The kinds of what may write data or has it open, and of what leads to it."""


def holds_copies(kind: str) -> bool:
    """Whether what is of this kind runs a service's own program, and serves for as long as it does."""
    return kind in COPY_KINDS


def service_of(address: str) -> str | None:
    """The service whose copies are at this address, a canary's included; None for what is none."""
    try:
        parsed = Address.parse(address)
    except ValueError:
        return None
    return parsed.name if holds_copies(parsed.kind) else None


def is_canary(address: str) -> bool:
    """Whether what is at this address stands beside all other copies of its service."""
    return service_of(address) is not None and Address.parse(address).slot == CANARY


def addresses(service: str, count: int, *, counted: bool) -> tuple[Address, ...]:
    """Where the copies of a service are, its canary aside."""
    if counted:
        return (Address(SERVICE, service),)
    return tuple(Address(REPLICA, service, slot) for slot in range(count))


def endpoints(service: str, count: int, *, counted: bool) -> list[Setting]:
    """Where the proxy finds the copies of a service."""
    return [Ref(str(address), ENDPOINT) for address in addresses(service, count, counted=counted)]


def desired_copies(resources: Iterable[Resource]) -> dict[str, int]:
    """Service -> how many copies of it shall exist, its canary aside; in the order of the resources."""
    counts: dict[str, int] = {}
    for resource in resources:
        service = service_of(resource.address)
        if service is not None and not is_canary(resource.address):
            counts[service] = counts.get(service, 0) + copies(resource)
    return counts


def copies(resource: Resource) -> int:
    """How many equal things a resource is: the count of a counted service, and else one."""
    count = resource.settings.get(COUNT) if resource.kind == SERVICE else 1
    assert isinstance(count, int)
    return count


def serving_copies(instances: Iterable[Instance]) -> dict[str, int]:
    """Service -> how many of its copies serve, of whichever release; canaries aside."""
    counts: dict[str, int] = {}
    for instance in instances:
        service = service_of(instance.address)
        if service is not None and not is_canary(instance.address):
            counts[service] = counts.get(service, 0) + len(serving_endpoints(instance))
    return counts


def serving_endpoints(instance: Instance) -> tuple[str, ...]:
    """Where each copy that serves answers; empty for what has failed, or has no copies."""
    if not holds_copies(instance.kind) or not instance.live:
        return ()
    if instance.kind == SERVICE:
        return tuple(member.endpoint for member in instance.members if member.healthy)
    return (instance.outputs.get(ENDPOINT, ""),) if instance.health.state == "healthy" else ()


def answering_endpoints(instance: Instance) -> frozenset[str]:
    """Every endpoint that a proxy may count the requests of this instance under."""
    known = {instance.outputs.get(ENDPOINT, ""), *(member.endpoint for member in instance.members)}
    return frozenset(known - {""})


def is_new_release(instance: Instance, resource: Resource) -> bool:
    """Whether a resource takes the place of what runs: more differs than what changes in place.

    A counted service with another count is the same release.
    """
    if not holds_copies(resource.kind) or instance.fingerprint == resource.fingerprint:
        return False
    names = {*resource.digests, *instance.digests}
    differing = {name for name in names if resource.digests.get(name) != instance.digests.get(name)}
    return not differing or not differing <= set(resource.mutable)


def canary_beside(resource: Resource) -> Resource:
    """One copy like those of this resource, beside all of them, which is told its own name where each has one."""
    address = Address.parse(resource.address)
    canary = Address(address.kind, address.name, CANARY)
    settings = dict(resource.settings)
    if resource.kind == SERVICE:
        settings[COUNT] = 1
    else:
        env = settings["env"]
        assert isinstance(env, Mapping)
        settings |= {"slot": CANARY, "env": {**env, "TENFOLD_REPLICA": canary.short}}
    return replace(resource, address=str(canary), settings=settings, digests={})
