"""How much of what AWS bills a resource uses in a month: the quantities of a bill, before any price.

Hours are 730 a month, as AWS's own calculator has them. Of requests an assumption is stated, for nobody has made one
yet: see `ASSUMPTIONS`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from infra_specs.catalogue.recipes import ZONES, recipe_of
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import SERVICE, copies
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Aws

HOURS = Decimal(730)
KB_A_REQUEST, LOG_KB_A_REQUEST = Decimal(20), Decimal(1)
LOG_GB_A_TASK = Decimal("0.1")
NAT_GB_A_TASK = Decimal(1)
FREE_TRANSFER_GB = Decimal(100)
CALLS_A_SECRET = Decimal(100)
METRICS, CHECKS_AN_HOUR = Decimal(3), Decimal(60)
CONNECTIONS_AN_UNIT = Decimal(25 * 3600)
ASSUMPTIONS = (
    f"hours: {HOURS} a month; requests: those of `users`, {KB_A_REQUEST} kB each; logs: {LOG_KB_A_REQUEST} kB a "
    f"request and {LOG_GB_A_TASK} GB a task; through a NAT gateway: {NAT_GB_A_TASK} GB a task"
)
FREE = frozenset({"role", "route"})
"""Kinds that AWS does not bill."""
_GB = Decimal(1_000_000)
"""Kilobytes of a gigabyte, as AWS bills transfer."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """So much of one key of the price list. `key` is empty where nothing is known of the kind."""

    address: str
    what: str
    amount: Decimal
    key: str


def quantities(stack: Stack, resources: Iterable[Resource]) -> Iterator[Quantity]:
    """Everything that these resources are billed for, in their order; secrets are one line together."""
    resources = tuple(resources)
    tasks = Decimal(sum(copies(resource) for resource in resources if resource.kind == SERVICE))
    secrets = [resource for resource in resources if resource.kind == "secret"]
    for resource in resources:
        if resource.kind in FREE or (resource.kind == "secret" and resource is not secrets[0]):
            continue
        for quantity in _of_kind(stack, resource, tasks, len(secrets)):
            if quantity.amount:
                yield quantity


def _of_kind(stack: Stack, resource: Resource, tasks: Decimal, secrets: int) -> Iterator[Quantity]:
    address = resource.address
    match resource.kind:
        case "network":
            yield from _network(stack, address, tasks)
        case "proxy":
            yield from _balancer(stack, resource)
        case "service":
            yield from _tasks(stack, resource)
        case "database":
            yield from _database(resource)
        case "cache":
            yield from _cache(resource)
        case "secret":
            yield Quantity("secrets", f"{secrets} kept", Decimal(secrets), "secret")
            yield Quantity("secrets", "read by tasks that start", secrets * CALLS_A_SECRET / 10_000, "secret.calls")
        case "logs":
            written = requests(stack) * LOG_KB_A_REQUEST / _GB + tasks * LOG_GB_A_TASK
            yield Quantity(address, "written", written, "logs.in")
            yield Quantity(address, f"kept for {_number(resource, 'days')} days", _kept(written, resource), "logs.kept")
        case _:
            yield Quantity(address, "of an unknown kind", Decimal(1), "")


def requests(stack: Stack) -> Decimal:
    """Requests a month, of today's users; none where no service serves any."""
    if all(service.port is None for service in stack.services.values()):
        return Decimal(0)
    return sessions(stack) * Decimal(str(stack.users.requests))


def sessions(stack: Stack) -> Decimal:
    """Sessions a month, of today's users."""
    return stack.users.monthly * Decimal(str(stack.users.sessions))


def _network(stack: Stack, address: str, tasks: Decimal) -> Iterator[Quantity]:
    target = stack.target
    assert isinstance(target, Aws)
    gateways = recipe_of(target).nat_gateways
    if gateways:
        yield Quantity(address, f"NAT gateway x {gateways}", HOURS * gateways, "nat")
        yield Quantity(address, f"its public address x {gateways}", HOURS * gateways, "address")
        yield Quantity(address, "through the NAT gateway", tasks * NAT_GB_A_TASK, "nat.gb")


def _balancer(stack: Stack, resource: Resource) -> Iterator[Quantity]:
    transfer = requests(stack) * KB_A_REQUEST / _GB
    yield Quantity(resource.address, "balancer", HOURS, "alb")
    units = max(transfer, sessions(stack) / CONNECTIONS_AN_UNIT)
    yield Quantity(resource.address, "its capacity units", units, "alb.unit")
    if resource.settings["public"]:
        yield Quantity(resource.address, f"its public address x {ZONES}", HOURS * ZONES, "address")
        paid = max(Decimal(0), transfer - FREE_TRANSFER_GB)
        yield Quantity(resource.address, f"sent beyond {FREE_TRANSFER_GB} GB", paid, "transfer.out")


def _tasks(stack: Stack, resource: Resource) -> Iterator[Quantity]:
    count, settings = copies(resource), resource.settings
    hours = HOURS * count
    if stack.target.price_per_replica is not None:
        yield Quantity(resource.address, f"task x {count}", Decimal(count), "target.price_per_replica")
    else:
        processor = _text(resource, "processor")
        cores, gigabytes = _number(resource, "cpu") / 1024, _number(resource, "memory") / 1024
        yield Quantity(resource.address, f"{cores:f} vCPU x {count}", hours * cores, f"fargate.{processor}.vcpu")
        yield Quantity(resource.address, f"{gigabytes:f} GB x {count}", hours * gigabytes, f"fargate.{processor}.gb")
        if settings["public_address"]:
            yield Quantity(resource.address, f"its public address x {count}", hours, "address")
    if settings["serves"]:
        yield Quantity(resource.address, "measured once a minute", METRICS * CHECKS_AN_HOUR * HOURS / 1000, "metrics")


def _database(resource: Resource) -> Iterator[Quantity]:
    name, zones = _text(resource, "class"), _number(resource, "zones")
    suffix, where = (".two-zones", " in two zones") if zones > 1 else ("", "")
    yield Quantity(resource.address, f"{name}{where}", HOURS, f"{name}{suffix}")
    yield Quantity(resource.address, f"storage{where}", _number(resource, "storage"), f"db.storage{suffix}")


def _cache(resource: Resource) -> Iterator[Quantity]:
    name, nodes = _text(resource, "class"), _number(resource, "nodes")
    yield Quantity(resource.address, f"{name} x {nodes}", HOURS * nodes, name)


def _kept(written: Decimal, resource: Resource) -> Decimal:
    return written * _number(resource, "days") / 30


def _number(resource: Resource, name: str) -> Decimal:
    value = resource.settings[name]
    assert isinstance(value, int)
    return Decimal(value)


def _text(resource: Resource, name: str) -> str:
    value = resource.settings[name]
    assert isinstance(value, str)
    return value
