"""What AWS does otherwise than the targets with Tenfold's own proxy: one table, for the plan and for the guide."""

from collections.abc import Callable
from dataclasses import dataclass

from infra_specs.sizing.fargate import MEGABYTE, fargate_size
from infra_specs.stackfile.models.clients import UPLOAD_SECONDS
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.aws import LONGEST_IDLE

RULES_A_SERVICE, RULES_OF_A_BALANCER = 3, 100
"""A rule for its route and one for each of two releases, of those that a balancer has unless AWS is asked for more."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One row: of what, how it is elsewhere, how on AWS, and whether a stack meets it."""

    subject: str
    elsewhere: str
    on_aws: str
    applies: Callable[[Stack], bool]


def differences_of(stack: Stack) -> tuple[str, ...]:
    """A sentence for each row that this stack meets, and for each service whose size is rounded up."""
    rows = (f"{row.subject}: {row.on_aws}" for row in DIFFERENCES if row.applies(stack))
    return (*rows, *(text for name, service in stack.services.items() if (text := _rounded(name, service))))


def _rounded(name: str, service: Service) -> str:
    size = fargate_size(service.cpus, service.memory)
    if size is None or ((service.cpus or 0) * 1024, service.memory) == (size.cpu, size.memory * MEGABYTE):
        return ""
    return f"services.{name}: each task has {size}, the next size that Fargate has"


def _routed(stack: Stack) -> bool:
    return any(service.port is not None for service in stack.services.values())


def _scaled(stack: Stack) -> bool:
    return any(
        service.port is not None and service.bounds.max != service.bounds.min for service in stack.services.values()
    )


def _within_only(stack: Stack) -> bool:
    return _routed(stack) and not any(service.public for service in stack.services.values())


def _endless(stack: Stack) -> bool:
    return any(service.port is not None and service.route.timeouts.idle is None for service in stack.services.values())


def _names_that_move(stack: Stack) -> bool:
    return any(service.image and "@sha256:" not in service.image for service in stack.services.values())


def _never(_: Stack) -> bool:
    return False


def _many_routes(stack: Stack) -> bool:
    routed = sum(service.port is not None for service in stack.services.values())
    return routed * RULES_A_SERVICE > RULES_OF_A_BALANCER


DIFFERENCES = (
    Difference(
        "X-Forwarded-For",
        "replaced, unless `trust_proxies` names the sender",
        "the balancer appends to it and cannot replace it, so only its last entry is true",
        _routed,
    ),
    Difference(
        "trust_proxies, timeouts: upload",
        "hold",
        "do nothing, for a balancer has no such settings",
        lambda stack: bool(stack.trust_proxies) or stack.timeouts.upload != UPLOAD_SECONDS,
    ),
    Difference(
        "public: false",
        "reachable from this machine only",
        "reachable from within the stack's own network only",
        _within_only,
    ),
    Difference(
        "timeouts: idle",
        "unbounded unless given, and each route has its own",
        f"a silent connection ends after {LONGEST_IDLE} s; all routes have the longest one that is given",
        _endless,
    ),
    Difference(
        "health: interval",
        "2 s unless given",
        "5 s at least",
        _routed,
    ),
    Difference(
        "sticky",
        "by a cookie of the proxy",
        "by the cookie AWSALB of the service's target group",
        lambda stack: any(service.route.sticky for service in stack.services.values()),
    ),
    Difference(
        "scaling",
        "asks the proxy every few seconds",
        "asks CloudWatch once a minute, whose numbers come minutes late, so it reacts more slowly",
        _scaled,
    ),
    Difference(
        "cache",
        "redis://, in a private network",
        "rediss://, for ElastiCache asks for TLS where there is a password",
        lambda stack: stack.needs.cache is not None,
    ),
    Difference(
        "database",
        "PostgreSQL 18, tuned by Tenfold",
        "RDS PostgreSQL 17, with AWS's own parameters for its class, and 20 GB of storage at least",
        lambda stack: stack.needs.database is not None,
    ),
    Difference(
        "backup",
        "by Tenfold each night, which restores and compares it",
        "by RDS, to any moment of as many days as the recipe says; the key `backup` does nothing",
        lambda stack: stack.needs.database is not None,
    ),
    Difference(
        "how many services have a port",
        "any number",
        "a balancer has 100 rules unless AWS is asked for more, and each service needs 3 during a release",
        _many_routes,
    ),
    Difference(
        "images by a name that may be moved",
        "a release keeps the image that the name meant when it was deployed",
        "ECS looks the name up at each release and keeps that for all tasks of it, so a rollback may find another "
        "image: write a digest",
        _names_that_move,
    ),
    Difference(
        "memory, cpus",
        "bounds as written; none given: as much as there is",
        "rounded up to the next pair that Fargate has; none given: 0.25 vCPU, 512 MB",
        _never,
    ),
    Difference(
        "build, volumes, static, queue, tls, timeouts: request, secrets: files",
        "work where their pages say so",
        "refused, with what to do in their place",
        _never,
    ),
)  # fmt: skip
"""In the order of the guide. The last two are never said of a whole stack: sizes are said by service, and refusals when
a file is read."""
