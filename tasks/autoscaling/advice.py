"""Advice for stacks: growth before it becomes urgent, and sizes that do not fit the measured usage."""

from collections.abc import Iterable
from functools import partial

from infra_specs.advice.cache_use import cache_use
from infra_specs.advice.growth import DAY, Advice, Peaks, growth
from infra_specs.advice.hosts import missing_hosts
from infra_specs.advice.observation import Observation
from infra_specs.advice.rightsizing import rightsizing
from infra_specs.stack_fault import StackFault
from infra_specs.stackfile.models.target import Swarm
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.clock import now
from tasks.base.settings import settings
from tasks.base.side_by_side import look_at
from tasks.ledger import Ledger, StackRecord
from tasks.providers import opened, preload

LOOK_BACK = 35 * DAY
"""Seconds; the means of five minutes are kept for as long."""


AdviceResult = tuple[dict[str, tuple[Advice, ...]], tuple[StackFault, ...]]
"""Advice by stack, and the faults of stacks whose advice is incomplete."""


def advice(ledger: Ledger, records: Iterable[StackRecord]) -> AdviceResult:
    """All current advice for these stacks. Blocks.

    A target that does not answer is a fault of its stack; the advice about growth is given anyway.
    """
    known = {record.name: record for record in records}
    preload(record.target for record in known.values())
    grown_stacks, unreadable = look_at({name: partial(_grown, ledger, record) for name, record in known.items()})
    size_advice, unanswered = look_at(
        {name: partial(_vertical, scaled, peaks) for name, (scaled, peaks, _) in grown_stacks.items()}
    )
    found = {name: (*grown, *size_advice.get(name, ())) for name, (_, _, grown) in grown_stacks.items()}
    faults = {fault.stack: fault for fault in (*unreadable, *unanswered)}
    return found, tuple(faults[name] for name in known if name in faults)


def _grown(ledger: Ledger, record: StackRecord) -> tuple[ScaledStack, Peaks, tuple[Advice, ...]]:
    scaled = ScaledStack.of(record)
    peaks = _peaks_of(ledger, scaled)
    return scaled, peaks, growth(scaled.stack, scaled.counts, peaks, now() // DAY)


def _vertical(scaled: ScaledStack, peaks: Peaks) -> tuple[Advice, ...]:
    stack = scaled.stack
    with opened(stack.target, settings().home) as provider:
        uses = provider.host.uses(stack.name) if provider.host else {}
        free = provider.host.free_memory() if provider.host and isinstance(stack.target, Swarm) else {}
    expected = {name: scaled.sizing.services[name].demand for name in scaled.scaled_services}
    observation = Observation(scaled.since, now(), peaks, expected)
    return (
        *rightsizing(stack, scaled.counts, uses, observation),
        *cache_use(stack, uses),
        *missing_hosts(stack, scaled.sizing, scaled.counts, uses, free),
    )


def growth_of(ledger: Ledger, scaled: ScaledStack) -> tuple[Advice, ...]:
    """The advice about growth, from the ledger alone."""
    return growth(scaled.stack, scaled.counts, _peaks_of(ledger, scaled), now() // DAY)


def _peaks_of(ledger: Ledger, scaled: ScaledStack) -> Peaks:
    return ledger.outlines.daily_peaks(scaled.stack.name, now() - LOOK_BACK)
