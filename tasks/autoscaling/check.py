"""One autoscale check of every active stack: measure, decide, record. It changes only the ledger."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from infra_specs.pricing.month import Spent, part_left
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import policy_of
from infra_specs.scaling.scaling_input import PastDemand
from infra_specs.stack_fault import StackFault
from tasks.autoscaling.node_memory import FREE_MEMORY_SECONDS, NodeMemory
from tasks.autoscaling.scaled_stack import DEFAULT_START_SECONDS, ScaledStack, scaled_stacks
from tasks.base.clock import now
from tasks.ledger import Check, CheckResult, Key, Lease, Ledger, SavedState
from tasks.metrics import ServiceSample

MEMORY_PART = 0.2
"""The part of an interval that queries for free memory may take."""
COST_INTERVAL = 300.0
"""Seconds between two records of a stack's cost: its price changes only by decisions, which are rare."""

Measure = Callable[[Sequence[ScaledStack], Mapping[Key, SavedState]], Mapping[Key, ServiceSample]]


@dataclass(frozen=True, slots=True)
class PendingDecision:
    """A decision that a scale run shall apply, and its id in the ledger.

    `key` is unique over all ledgers, and the same when the next check finds the same decision again.
    """

    id: str
    stack: str
    decision: Decision
    key: str


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The outcome of a check. `notes`: problems of sources. `faults`: stacks that could not be checked. `results`: what
    was measured and decided of each service."""

    stacks: int
    services: int
    pending: tuple[PendingDecision, ...]
    advice: tuple[str, ...]
    notes: tuple[str, ...]
    faults: tuple[StackFault, ...]
    results: tuple[CheckResult, ...] = ()

    def __str__(self) -> str:
        unread = f", {len(self.faults)} could not be looked at" if self.faults else ""
        return f"{_counted(self.stacks, 'stack')} with {_counted(self.services, 'service')} checked{unread}"


def check(ledger: Ledger, lease: Lease, measure: Measure, *, interval: float) -> CheckOutcome:
    """Check every active stack and record the decisions. `interval`: seconds between two checks. Blocks.

    A stack that cannot be read becomes a fault. A service that cannot be measured is decided on as such. Neither
    affects another stack.
    """
    began = now()
    stacks, faults = scaled_stacks(ledger.stacks.all(), ledger.costs.this_month())
    facts = _facts(ledger, stacks, measure, began, interval)
    results, spent, undecided = _check_stacks(stacks, facts, interval)
    outcome = CheckOutcome(
        len(stacks), len(results), (), tuple(_advice(results)), tuple(_notes(facts)),
        _first_of_each((*faults, *undecided, *_unanswered(facts))), tuple(results),
    )  # fmt: skip
    decision_ids = ledger.checks.record(lease, Check(began, now() - began, len(results), str(outcome)), results)
    ledger.costs.record(lease, spent)
    since = {scaled.stack.name: scaled.since for scaled in stacks}
    return replace(outcome, pending=tuple(_pending(results, decision_ids, since)))


@dataclass(frozen=True, slots=True)
class _Facts:
    at: float
    interval: float
    before: Mapping[Key, SavedState]
    seen: Mapping[Key, ServiceSample]
    ahead: Mapping[Key, float]
    rhythm: Mapping[Key, tuple[PastDemand, ...]]


def _facts(ledger: Ledger, stacks: Sequence[ScaledStack], measure: Measure, at: float, interval: float) -> _Facts:
    before, startup_times = ledger.checks.recall(), ledger.startup_times.by_service()
    keys = [(scaled.stack.name, service) for scaled in stacks for service in scaled.scaled_services]
    ahead = {key: startup_times.get(key, DEFAULT_START_SECONDS) for key in keys}
    return _Facts(at, interval, before, measure(stacks, before), ahead, ledger.seasonality.past_demand(at, ahead))


def _check_stacks(
    stacks: Sequence[ScaledStack], facts: _Facts, interval: float
) -> tuple[list[CheckResult], dict[str, Spent], tuple[StackFault, ...]]:
    """The results of every stack, its cost so far, and the faults of stacks that cannot be decided on."""
    memory = NodeMemory(min(FREE_MEMORY_SECONDS, MEMORY_PART * interval))
    results, spent, faults = list[CheckResult](), dict[str, Spent](), list[StackFault]()
    for scaled in stacks:
        name = scaled.stack.name
        try:
            stack_results, cost = list(_check_stack(scaled, facts, memory)), _spent(scaled, facts.at)
        except Exception as error:  # no error may affect the other stacks
            faults.append(StackFault.of(name, error))
        else:
            results += stack_results
            spent |= {name: cost} if cost else {}
    return results, spent, tuple(faults)


def _check_stack(scaled: ScaledStack, facts: _Facts, node_memory: NodeMemory) -> Iterable[CheckResult]:
    """Decide on each service of a stack. The growth of one service reduces the budget and the memory left for the next;
    advice reduces nothing."""
    left = scaled.remaining_budget(facts.at)
    for name in scaled.scaled_services:
        key = (scaled.stack.name, name)
        seen = facts.seen.get(key) or ServiceSample(Measurement(facts.at, 0.0, status="absent"), {})
        saved = facts.before.get(key)
        scaling_input = scaled.scaling_input(
            name, seen.measured, now=facts.at, interval=facts.interval, start_seconds=facts.ahead[key],
            rhythm=facts.rhythm.get(key, ()), left=left,
        )  # fmt: skip
        policy = policy_of(scaled.stack.services[name].scaling)
        state = saved.memory if saved else AutoscalerState()
        decision, new_state = decide(policy, scaling_input, state)
        if decision.replicas > decision.before:  # most checks end here, and query no target for its memory
            if (narrower := node_memory.limit_by_memory(scaled, scaling_input)) is not scaling_input:
                decision, new_state = decide(policy, narrower, state)
            if decision.acts:
                added = decision.replicas - decision.before
                node_memory.claim(scaled, name, added)
                price = scaled.price_of(name)
                if left is not None and price is not None:
                    left -= added * price * part_left(facts.at)
        yield CheckResult(scaled.stack.name, name, seen.measured, seen.readings, decision, new_state)


def _pending(
    results: Iterable[CheckResult], ids: Mapping[Key, str], since: Mapping[str, float]
) -> Iterable[PendingDecision]:
    """At most one decision a stack, the largest growth first: runs on one stack exclude each other, and the next check
    finds the others."""
    acting = [(result, result.decision) for result in results if result.decision and result.decision.acts]
    stacks = set[str]()
    for result, decision in sorted(acting, key=lambda pair: pair[1].before - pair[1].replicas):
        if result.stack not in stacks:
            stacks.add(result.stack)
            id = ids[result.stack, result.service]
            yield PendingDecision(id, result.stack, decision, f"{result.stack} {since[result.stack]} {id}")


def _advice(results: Iterable[CheckResult]) -> Iterable[str]:
    for result in results:
        if result.decision and result.decision.changes and not result.decision.acts:
            yield f"{result.stack}: {result.decision}"


def _notes(facts: _Facts) -> Iterable[str]:
    for (stack, service), seen in facts.seen.items():
        yield from (f"{stack} {service}: {note}" for note in seen.notes)


def _unanswered(facts: _Facts) -> Iterable[StackFault]:
    """The faults of stacks whose target did not answer, once for each service."""
    return (seen.fault for seen in facts.seen.values() if seen.fault)


def _first_of_each(faults: Iterable[StackFault]) -> tuple[StackFault, ...]:
    """One fault a stack: the first, since the others follow from it."""
    first: dict[str, StackFault] = {}
    for fault in faults:
        first.setdefault(fault.stack, fault)
    return tuple(first.values())


def _spent(scaled: ScaledStack, moment: float) -> Spent | None:
    """The cost to record for a stack; None where it is unknown, or was recorded recently."""
    spent = scaled.spent_by(moment)
    if spent is not None and (scaled.spent is None or spent.at - scaled.spent.at >= COST_INTERVAL):
        return spent
    return None


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
