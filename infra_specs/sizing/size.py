"""A whole stack's sizes."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra_specs.errors import PlanError
from infra_specs.sizing.demand import Demand, demand_of
from infra_specs.sizing.files import FilesSize, size_files
from infra_specs.sizing.needs import CacheSize, DatabaseSize, size_cache, size_database
from infra_specs.sizing.pools import Pool
from infra_specs.sizing.queue import QueueSize, size_queue
from infra_specs.sizing.replicas import ServiceSize, size_service
from infra_specs.stackfile.models.stack import Stack

MOST_REPLICAS = 10_000
"""Of one service. Beyond it the numbers are a slip of the pen, or a company that has left this tool behind."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """What a stack needs today and what it is designed for."""

    demand: Demand
    headroom: float
    services: Mapping[str, ServiceSize]
    database: DatabaseSize | None
    cache: CacheSize | None
    queue: QueueSize | None
    files: Mapping[str, FilesSize]
    """Service -> the server of its files, where it has one."""
    arithmetic: tuple[str, ...]
    """Every step of it, as sentences."""

    def arithmetic_of(self, service: str | None) -> tuple[str, ...]:
        """The steps for one service and for what all of them lean on; every step for None."""
        if service is None:
            return self.arithmetic
        shared = (self.database, self.cache, self.queue)
        sizes = (self.services[service], self.files.get(service), *shared)
        return tuple(line for size in sizes if size is not None for line in size.arithmetic)


def size(stack: Stack) -> Sizing:
    """Size a stack for today's users, and for `headroom` times as many.

    Raises PlanError when a service would need more than 10 000 replicas.
    """
    demand = demand_of(stack.users)
    services = {
        name: size_service(name, service, demand.in_flight, stack.headroom) for name, service in stack.services.items()
    }
    for name, service in services.items():
        if service.design > MOST_REPLICAS:
            raise PlanError(
                f"{stack.name}: {name} would need {service.design:,} replicas at its design capacity, more than "
                f"{MOST_REPLICAS:,}. Look at `users` and at the service's `capacity` (requests in flight that one "
                "replica serves well)."
            )
    pools = [_pool(stack, name, service) for name, service in services.items()]
    needs = stack.needs
    database = size_database(needs.database, pools, stack.users.monthly * stack.headroom) if needs.database else None
    cache = size_cache(needs.cache, demand.users_at_once * stack.headroom) if needs.cache else None
    queue = size_queue(needs.queue, demand.requests_per_second * stack.headroom) if needs.queue else None
    files = {
        name: size_files(name, services[name].demand * stack.headroom)
        for name, service in stack.services.items()
        if service.static is not None
    }
    arithmetic = (
        *demand.arithmetic,
        *(line for service in services.values() for line in service.arithmetic),
        *(database.arithmetic if database else ()),
        *(cache.arithmetic if cache else ()),
        *(queue.arithmetic if queue else ()),
        *(line for server in files.values() for line in server.arithmetic),
        *((f"headroom {stack.headroom:g} because: {stack.headroom_because}",) if stack.headroom_because else ()),
    )
    return Sizing(demand, stack.headroom, services, database, cache, queue, files, arithmetic)


def _pool(stack: Stack, name: str, size: ServiceSize) -> Pool:
    """Scheduled and worker replicas hold connections, too."""
    service = stack.services[name]
    in_flight = size.demand * stack.headroom if service.port is not None else float(size.maximum)
    return Pool(name, service.pool, size.maximum, in_flight)
