"""Observe the instances of a stack on its target."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from infra_specs.resources.instance import Instance
from infra_specs.resources.services import holds_copies
from tasks.changes.health_reasons import observed
from tasks.run.context import RunContext, current
from tasks.run.retry import retryable_task, unrecorded


@retryable_task("observe {stack}")
async def observe(stack: str) -> tuple[Instance, ...]:
    """All instances of the stack on its target, with health. Refreshes the instances of the run's context.

    Since when a copy is not ready is what this run or an earlier one saw first, where its target does not know more.
    """
    context = current()
    instances = await asyncio.to_thread(observed, context.provider, context.ledger, stack)
    instances = await asyncio.to_thread(_remembered, context, instances)
    context.instances = {instance.address: instance for instance in sorted(instances, key=_preference)}
    return instances


async def look(context: RunContext) -> tuple[Instance, ...]:
    """`observe`, for a run that may find nothing to do: as a task in Prefect only if the context says so."""
    return await (observe(context.stack) if context.records_looks else unrecorded(observe, context.stack))


def _remembered(context: RunContext, instances: Iterable[Instance]) -> tuple[Instance, ...]:
    instances = tuple(instances)
    if context.lease.kind != "stack":
        return instances  # what is remembered by this name is the stack's
    silent = {
        (instance.address, instance.incarnation): instance.health.since
        for instance in instances
        if instance.unready and holds_copies(instance.kind)
    }
    since = context.ledger.unready.observe(context.lease, silent)

    def at(instance: Instance) -> Instance:
        moment = since.get((instance.address, instance.incarnation))
        return instance if moment is None else replace(instance, health=replace(instance.health, since=moment))

    return tuple(map(at, instances))


def _preference(instance: Instance) -> tuple[bool, int]:
    """Sort key: the newest instance that is live comes last, so references resolve to it."""
    return instance.live, instance.incarnation
