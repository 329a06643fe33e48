"""Look at every stack once a minute: which copies serve, what answers, what is nearly full."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from infra_specs.alerts.facts import Machine
from infra_specs.alerts.stack_look import StackLook, observed, with_lengths
from infra_specs.errors import TenfoldError
from infra_specs.stackfile.models.stack import Stack
from tasks.autoscaling.measure import open_targets, target_key
from tasks.base.clock import now
from tasks.base.side_by_side import side_by_side
from tasks.providers.seam.provider import KindProvider

OPEN_SECONDS = 2.0
ANSWER_SECONDS = 4.0
"""Seconds that a look waits for a target to open, and to answer: a check has more to do."""


def look_at_stacks(stacks: Sequence[Stack], before: Mapping[str, StackLook]) -> dict[str, StackLook]:
    """Look at those of the stacks that are due, side by side. Blocks for six seconds at most; raises nothing."""
    moment = now()
    due = [stack for stack in stacks if stack.name not in before or before[stack.name].is_due(moment)]
    if not due:
        return {}
    targets, unopened = open_targets(due, OPEN_SECONDS)
    jobs = {
        stack.name: partial(_look, stack, targets[target_key(stack.target)], before.get(stack.name))
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
            past = before.get(stack.name)
            looks[stack.name] = StackLook(moment, why, lengths=past.lengths if past else {})
    return looks


def _look(stack: Stack, target: KindProvider, before: StackLook | None) -> StackLook:
    """One stack. What a target cannot tell is not known; a target that does not answer at all raises its error."""
    look = replace(observed(now(), target.observe(stack.name)), machines=_machines(target))
    return with_lengths(look, before, {})


def _machines(target: KindProvider) -> dict[str, Machine]:
    if target.host is None:
        return {}
    try:
        memories = target.host.free_memory()
    except TenfoldError:
        return {}
    return {name: Machine(memory=memory.total, memory_free=memory.free) for name, memory in memories.items()}
