"""Measure every service of many stacks concurrently."""

from collections.abc import Mapping, Sequence
from functools import partial

from infra_specs.scaling.measurement import Measurement
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Target
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.base.side_by_side import side_by_side
from tasks.ledger import Key, SavedState
from tasks.metrics import Prometheus, ServiceSample, SourceConfig
from tasks.metrics import measure as measure_stack
from tasks.providers import open_provider, preload
from tasks.providers.seam.provider import KindProvider

OPEN_SECONDS = 4.0
ANSWER_SECONDS = 6.0
"""Seconds that a check waits for a target to open, and for a stack's sources: together less than an interval."""
OPEN_PART = 0.25
ANSWER_PART = 0.4
"""The same as parts of a shorter interval."""


def measure(stacks: Sequence[ScaledStack], before: Mapping[Key, SavedState]) -> dict[Key, ServiceSample]:
    """The measurement of each service since the last check. Blocks until all stacks are done, ten seconds at most.

    A target that cannot be opened or does not answer affects no other stack: its services are measured as `absent`.
    """
    interval = settings().autoscale_seconds
    targets, unopened = open_targets([scaled.stack for scaled in stacks], min(OPEN_SECONDS, OPEN_PART * interval))
    with Prometheus() as prometheus:
        jobs = {
            scaled.stack.name: partial(_measured, scaled, targets[target_key(scaled.stack.target)], before, prometheus)
            for scaled in stacks
            if target_key(scaled.stack.target) in targets
        }
        by_stack, unanswered = side_by_side(jobs, min(ANSWER_SECONDS, ANSWER_PART * interval))
    faults = {fault.stack: fault for fault in unanswered}
    hanging = {target_key(scaled.stack.target) for scaled in stacks if scaled.stack.name in faults}
    for key, target in targets.items():
        if key not in hanging:  # closing a hanging target would hang
            target.close()
    for scaled in stacks:
        if (open_fault := unopened.get(target_key(scaled.stack.target))) is not None:
            faults[scaled.stack.name] = StackFault(scaled.stack.name, open_fault.why)
    for scaled in stacks:
        if scaled.stack.name in faults:
            by_stack[scaled.stack.name] = _nothing_seen(scaled, faults[scaled.stack.name], before)
    return {
        (stack, service): measured for stack, services in by_stack.items() for service, measured in services.items()
    }


def _measured(
    scaled: ScaledStack, target: KindProvider, before: Mapping[Key, SavedState], prometheus: Prometheus
) -> dict[str, ServiceSample]:
    name = scaled.stack.name
    return measure_stack(name, _sources(scaled), target, _saved_readings(scaled, before), prometheus)


def _saved_readings(scaled: ScaledStack, before: Mapping[Key, SavedState]) -> dict[str, Mapping[str, object]]:
    name = scaled.stack.name
    return {service: before[name, service].readings for service in scaled.scaled_services if (name, service) in before}


def _nothing_seen(scaled: ScaledStack, fault: StackFault, before: Mapping[Key, SavedState]) -> dict[str, ServiceSample]:
    """The samples of a stack whose target did not answer; the previous readings are kept for the next check."""
    readings = _saved_readings(scaled, before)
    absent = Measurement(now(), 0.0, status="absent")
    return {
        service: ServiceSample(absent, readings.get(service, {}), fault=fault) for service in scaled.scaled_services
    }


def _sources(scaled: ScaledStack) -> dict[str, SourceConfig]:
    services = scaled.stack.services
    return {
        name: SourceConfig(routed=services[name].port is not None, metrics=services[name].scaling.metrics)
        for name in scaled.scaled_services
    }


def open_targets(stacks: Sequence[Stack], seconds: float) -> tuple[dict[str, KindProvider], dict[str, StackFault]]:
    """Open each target once, within so many seconds. Returns the open targets, and the faults of the others.

    Both by `target_key`.
    """
    home = settings().home
    targets = {target_key(stack.target): stack.target for stack in stacks}
    preload(target.provider for target in targets.values())
    opened_targets, faults = side_by_side(
        {key: partial(open_provider, target, home) for key, target in targets.items()}, seconds
    )
    return opened_targets, {fault.stack: fault for fault in faults}


def target_key(target: Target) -> str:
    """The same for stacks that are on the same target."""
    return target.model_dump_json()
