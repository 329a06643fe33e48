"""Look at every stack once a minute: which copies serve, what answers, what is nearly full."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from infra_specs.alerts.facts import Machine
from infra_specs.alerts.stack_look import StackLook, continued, failed, observed, with_lengths
from infra_specs.errors import TenfoldError
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.stack import Stack
from tasks.autoscaling.measure import open_targets, target_key
from tasks.base.clock import now
from tasks.base.side_by_side import side_by_side
from tasks.ledger import Key
from tasks.providers.seam.provider import KindProvider

OPEN_SECONDS = 2.0
ANSWER_SECONDS = 4.0
"""Seconds that a look waits for a target to open, and to answer: a check has more to do."""


def look_at_stacks(
    stacks: Sequence[Stack], before: Mapping[str, StackLook], waiting: Mapping[Key, float]
) -> dict[str, StackLook]:
    """Look at those of the stacks that are due, side by side. Blocks for six seconds at most; raises nothing.

    `waiting`: what waits for each service, as far as it was measured.
    """
    moment = now()
    due = [stack for stack in stacks if stack.name not in before or before[stack.name].is_due(moment)]
    if not due:
        return {}
    targets, unopened = open_targets(due, OPEN_SECONDS)
    jobs = {
        stack.name: partial(
            _look, stack, targets[target_key(stack.target)], before.get(stack.name), _of(stack, waiting)
        )
        for stack in due
        if target_key(stack.target) in targets
    }
    looks, unanswered = side_by_side(jobs, ANSWER_SECONDS)
    faults = {fault.stack: fault.why for fault in unanswered}
    hanging = {target_key(stack.target) for stack in due if stack.name in faults}
    for key, target in targets.items():
        if key not in hanging:  # closing a hanging target would hang
            target.close()
    for stack in due:
        if stack.name not in looks:
            fault = unopened.get(target_key(stack.target))
            why = fault.why if fault else faults[stack.name]
            looks[stack.name] = failed(moment, why, before.get(stack.name))
    return looks


def _of(stack: Stack, waiting: Mapping[Key, float]) -> dict[str, float]:
    return {service: length for (name, service), length in waiting.items() if name == stack.name}


def _look(stack: Stack, target: KindProvider, before: StackLook | None, waiting: Mapping[str, float]) -> StackLook:
    """One stack. What a target cannot tell is not known; a target that does not answer at all raises its error.

    `waiting`: what waits for each service, as far as its check measured it.
    """
    instances = target.observe(stack.name)
    look = observed(now(), instances)
    look = replace(look, machines=_machines(target), connections=_connections(target, instances))
    if stack.needs.queue is not None:
        look = replace(look, queue=_queue(target, stack.name))
    return with_lengths(continued(look, before), before, waiting)


def _machines(target: KindProvider) -> dict[str, Machine]:
    if target.host is None:
        return {}
    try:
        memories, disks = target.host.free_memory(), target.host.free_disks()
    except TenfoldError:
        return {}
    machines = {name: Machine(memory=memory.total, memory_free=memory.free) for name, memory in memories.items()}
    for name, disk in disks.items():
        machines[name] = replace(machines.get(name, Machine()), disk=disk.total, disk_free=disk.free)
    return machines


def _queue(target: KindProvider, stack: str) -> tuple[int, int] | None:
    try:
        return target.host.queue_memory(stack) if target.host else None
    except TenfoldError:
        return None


def _connections(target: KindProvider, instances: Sequence[Instance]) -> tuple[int, int] | None:
    """Of the stack's database, if it is well: one that hangs would be asked again every minute."""
    servers = [instance for instance in instances if instance.kind == "database" and instance.health.state == "healthy"]
    if target.databases is None or not servers:
        return None
    try:
        return target.databases.connections(servers[-1])
    except TenfoldError:
        return None
