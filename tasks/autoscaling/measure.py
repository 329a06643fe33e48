"""Measuring every service of many stacks at once."""

from collections.abc import Mapping, Sequence
from functools import partial

from infra_specs.scaling.measurement import Measured
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.target import Target
from tasks.autoscaling.scaled_stack import Subject
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.base.side_by_side import side_by_side
from tasks.ledger import Key, Remembered
from tasks.metrics import Asked, Prometheus, Seen
from tasks.metrics import measure as measure_stack
from tasks.providers import open_provider, preload
from tasks.providers.base import Provider

open_seconds = 4.0
answer_seconds = 6.0
"""How long a check waits for a target, and for what a stack's sources say: less than a check's interval together."""
open_part = 0.25
answer_part = 0.4
"""The same as parts of a shorter interval."""


def measure(found: Sequence[Subject], before: Mapping[Key, Remembered]) -> dict[Key, Seen]:
    """What each service did since the last look. Blocks for as long as the slowest stack takes, ten seconds at most.

    A target that cannot be opened, or that has nothing to say, hinders no other: that too is a result.
    """
    interval = settings().autoscale_seconds
    targets, closed = _opened(found, min(open_seconds, open_part * interval))
    with Prometheus() as prometheus:
        jobs = {
            subject.stack.name: partial(_measured, subject, targets[_which(subject.stack.target)], before, prometheus)
            for subject in found
            if _which(subject.stack.target) in targets
        }
        seen, silent = side_by_side(jobs, min(answer_seconds, answer_part * interval))
    faults = {fault.stack: fault for fault in silent}
    hung = {_which(subject.stack.target) for subject in found if subject.stack.name in faults}
    for which, target in targets.items():
        if which not in hung:  # closing what hangs would hang
            target.close()
    for subject in found:
        if (why := closed.get(_which(subject.stack.target))) is not None:
            faults[subject.stack.name] = StackFault(subject.stack.name, why.why)
    for subject in found:
        if subject.stack.name in faults:
            seen[subject.stack.name] = _nothing_seen(subject, faults[subject.stack.name], before)
    return {(stack, service): one for stack, services in seen.items() for service, one in services.items()}


def _measured(
    subject: Subject, target: Provider, before: Mapping[Key, Remembered], prometheus: Prometheus
) -> dict[str, Seen]:
    name = subject.stack.name
    return measure_stack(name, _asked(subject), target, _kept(subject, before), prometheus)


def _kept(subject: Subject, before: Mapping[Key, Remembered]) -> dict[str, Mapping[str, object]]:
    name = subject.stack.name
    return {service: before[name, service].readings for service in subject.scaled if (name, service) in before}


def _nothing_seen(subject: Subject, fault: StackFault, before: Mapping[Key, Remembered]) -> dict[str, Seen]:
    """Of a stack whose target told nothing: what was read of it before is kept for the check after this one."""
    kept = _kept(subject, before)
    absent = Measured(now(), 0.0, status="absent")
    return {service: Seen(absent, kept.get(service, {}), fault=fault) for service in subject.scaled}


def _asked(subject: Subject) -> dict[str, Asked]:
    services = subject.stack.services
    return {
        name: Asked(routed=services[name].port is not None, metrics=services[name].scaling.metrics)
        for name in subject.scaled
    }


def _opened(found: Sequence[Subject], seconds: float) -> tuple[dict[str, Provider], dict[str, StackFault]]:
    """Each target once, however many stacks it has; and by target why it could not be opened."""
    home = settings().home
    targets = {_which(subject.stack.target): subject.stack.target for subject in found}
    preload(target.provider for target in targets.values())
    opened_targets, faults = side_by_side(
        {which: partial(open_provider, target, home) for which, target in targets.items()}, seconds
    )
    return opened_targets, {fault.stack: fault for fault in faults}


def _which(target: Target) -> str:
    return target.model_dump_json()
