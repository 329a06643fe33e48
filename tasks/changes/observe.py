"""Observe the instances of a stack on its target."""

import asyncio

from infra_specs.resources.instance import Instance
from tasks.changes.health_reasons import observed
from tasks.run.context import current
from tasks.run.retry import retryable_task


@retryable_task("observe {stack}")
async def observe(stack: str) -> tuple[Instance, ...]:
    """All instances of the stack on its target, with health. Refreshes the instances of the run's context."""
    context = current()
    instances = await asyncio.to_thread(observed, context.provider, context.ledger, stack)
    context.instances = {instance.address: instance for instance in sorted(instances, key=_preference)}
    return instances


def _preference(instance: Instance) -> tuple[bool, int]:
    """Sort key: the newest instance that is live comes last, so references resolve to it."""
    return instance.live, instance.incarnation
