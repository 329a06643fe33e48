"""Asking the world what there is."""

import asyncio

from infra_specs.resources.instance import Instance
from tasks.changes.health_reasons import observed
from tasks.run.context import site
from tasks.run.retry import effect


@effect("observe {stack}")
async def observe(stack: str) -> tuple[Instance, ...]:
    """Everything of the stack on its target, health included. Changes nothing, but what is known is fresh after it."""
    place = site()
    instances = await asyncio.to_thread(observed, place.provider, place.ledger, stack)
    place.known = {one.address: one for one in sorted(instances, key=_preference)}
    return instances


def _preference(instance: Instance) -> tuple[bool, int]:
    """The newest that has not failed comes last, and so is the one that others refer to."""
    return not instance.failed, instance.incarnation
