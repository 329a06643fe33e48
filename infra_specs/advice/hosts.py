"""Hosts that a fleet lacks for what a stack is designed for: said while there is time to rent them."""

import math
from collections.abc import Mapping

from infra_specs.advice.growth import Advice
from infra_specs.advice.rightsizing import Usage
from infra_specs.pricing.price import usd
from infra_specs.resources.services import service_of
from infra_specs.scaling.node_capacity import FreeMemory, after_placing, per_new_machine, replicas_that_fit
from infra_specs.sizing.size import Sizing
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Swarm


def missing_hosts(
    stack: Stack,
    sizing: Sizing,
    counts: Mapping[str, int],
    usages: Mapping[str, Usage],
    hosts: Mapping[str, FreeMemory],
) -> tuple[Advice, ...]:
    """An advice if the hosts have no room for the replicas of the design capacity. `usages` is by address.

    It waits while there is room for half of them. A service of which nobody knows the memory is left out.
    """
    if not isinstance(stack.target, Swarm) or not hosts:
        return ()
    left, missing, fitting, designed = dict(hosts), 0, 0, 0
    for name, count in counts.items():
        more, each = sizing.services[name].design - count, _bytes(stack, name, usages)
        if more <= 0 or not each or per_new_machine(hosts) < each:
            continue
        fit = replicas_that_fit(0, 0, each, left)
        placed = min(more, fit.replicas if fit else 0)
        left = after_placing(placed, each, left)
        designed, fitting = designed + more, fitting + placed
        missing += (more - placed) * each
    if not missing:
        return ()
    count = math.ceil(missing / per_new_machine(hosts))
    price = stack.target.price_per_host
    cost = "what one costs is not in the file (`price_per_host`)" if price is None else f"{usd(count * price)} a month"
    said = (
        f"the hosts have room for {fitting} of the {designed} replicas that {stack.name} is designed to grow by: "
        f"{count} more host{'' if count == 1 else 's'} like the smallest for all of them, {cost}"
    )
    return (Advice("hosts", said, None, waits=2 * fitting >= designed),)


def _bytes(stack: Stack, service: str, usages: Mapping[str, Usage]) -> int:
    """Of one replica: its limit, or else the most that one was seen to use; 0 if nobody knows."""
    if limit := stack.services[service].memory:
        return limit
    return max((usage.memory or 0 for address, usage in usages.items() if service_of(address) == service), default=0)
