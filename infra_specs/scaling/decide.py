"""recommend, keep the latency, anticipate, stabilize, keep calm, limit: one number through small steps, each of which
says why."""

from dataclasses import dataclass, replace

from infra_specs.scaling.accounts import Accounts
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.compare import compared
from infra_specs.scaling.decision import Decision, Step
from infra_specs.scaling.forecast import forecast
from infra_specs.scaling.held import held_by_limit, held_by_run
from infra_specs.scaling.latency import keep_latency
from infra_specs.scaling.limits import LIMIT_NAMES, LIMITS
from infra_specs.scaling.load import Load, load
from infra_specs.scaling.minutes import MINUTE, STALE_SECONDS
from infra_specs.scaling.past import without_future
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.prices import prices_of
from infra_specs.scaling.recommend import (
    Requirement,
    Savings,
    anticipate,
    expected_level,
    keep_calm,
    recommend,
    required,
)
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.scaling.shadow import Shadow
from infra_specs.scaling.stabilize import settles_at, stabilize, updated_window

STALE_INTERVALS = 3
"""Checks after which a measurement is too old to say anything, whatever its source says of it."""


def decide(policy: Policy, inputs: ScalingInput, state: AutoscalerState) -> tuple[Decision, AutoscalerState]:
    """The count that `inputs` ask for, and what to remember until the next check.

    Pure: equal inputs give equal answers. The count lies within the spec's bounds, except that the target's room and a
    budget that says stop may lie below them. What is not measured changes no count, what is measured in part lowers
    none, and what is foretold takes nothing away.
    """
    state = _with_begun(policy, inputs, without_future(policy, inputs, state))
    demand = load(policy, inputs) if _is_usable(inputs) else None
    if demand is None:
        answer = _Answer((Step("recommend", inputs.wanted, _why_unchanged(inputs)),), None, _busy_now(inputs, state))
    else:
        answer = _from_demand(policy, inputs, demand, state)
    steps = answer.steps
    state = replace(
        answer.state,
        settles=settles_at(policy, inputs, answer.state, measured=demand is not None),
        recommendations=updated_window(policy, inputs, state, steps[-1].replicas),
        busy=inputs.now if answer.state.busy is None else answer.state.busy,
    )
    stable = stabilize(policy, inputs, steps[-1], state)
    steps = (*steps, stable) if stable else steps
    calm, savings = None, Savings()
    if answer.requirement:
        calm, savings = keep_calm(inputs, steps, answer.requirement, Savings(state.savings, state.fewer))
    steps = (*steps, calm) if calm else steps
    for limit in LIMITS:
        limited = limit(policy, inputs, steps[-1].replicas)
        steps = (*steps, _with_target_reason(inputs, limited)) if limited else steps
    count = steps[-1].replicas
    decision = Decision(inputs.service, inputs.now, inputs.wanted, count, _reason_text(inputs, steps), steps, inputs)
    return decision, _remembered(policy, decision, replace(state, savings=savings.saved, fewer=savings.since))


def _remembered(policy: Policy, decision: Decision, state: AutoscalerState) -> AutoscalerState:
    """With what was decided. Demand that swung at this check counts from the next one on."""
    inputs = decision.inputs
    return replace(
        state,
        counts=(decision.before, decision.replicas),
        serving=inputs.measured.serving,
        settles=inputs.now + policy.window if state.forecasts.swung else state.settles,
        held=held_by_limit(decision, state, LIMIT_NAMES),
    )


def _with_begun(policy: Policy, inputs: ScalingInput, state: AutoscalerState) -> AutoscalerState:
    """With the change that began since the last check, if one did. One that was only decided is none, however often.

    What is saved by a change counts no more, except where the change was a step of a longer way.
    """
    state = replace(state, held=held_by_run(inputs, state))
    counts, accounts = state.counts, state.accounts
    if counts is None or inputs.wanted == counts[0] or inputs.mode != "act":
        return state
    ours = accounts.ours.with_change(inputs.wanted == counts[1])
    state = replace(state, accounts=replace(accounts, ours=ours))
    is_step = policy.step is not None and abs(inputs.wanted - counts[0]) == policy.step
    return state if is_step else replace(state, savings=0.0, fewer=None)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the demand asks for, before what bounds it. Without a requirement nothing was measured to ask by."""

    steps: tuple[Step, ...]
    requirement: Requirement | None
    state: AutoscalerState


def _busy_now(inputs: ScalingInput, state: AutoscalerState) -> AutoscalerState:
    return replace(state, busy=inputs.now)


def _from_demand(policy: Policy, inputs: ScalingInput, demand: Load, state: AutoscalerState) -> _Answer:
    measured, unit = inputs.measured, _unit(policy, inputs)
    compared_for, is_new = _compared_for(policy, inputs, unit), state.forecasts.unit != unit
    if is_new or state.compared_for != compared_for:
        settles = None if is_new else state.settles
        state = replace(state, compared_for=compared_for, settles=settles, shadow=Shadow(), accounts=Accounts())
    lead = inputs.start_seconds + inputs.interval
    prediction, learned = forecast(
        state.forecasts, unit, demand.replicas, measured.at, interval=inputs.interval, lead=lead
    )
    prices = prices_of(policy, state.accounts, inputs.wanted)
    requirement = required(prediction.level, prediction, prices, inputs.wanted)
    step = recommend(inputs, demand, prediction, requirement)
    for_latency = keep_latency(policy, inputs, step, requirement, state.serving)
    steps = (step, for_latency) if for_latency else (step,)
    if measured.status != "fresh":  # a lower bound: it may raise, and teaches nothing
        if steps[-1].replicas <= inputs.wanted:
            reason = f"measured in part ({measured.status}), so none is taken away"
            return _Answer((Step("recommend", inputs.wanted, reason),), None, _busy_now(inputs, state))
        return _Answer(steps, requirement, _busy_now(inputs, state))
    if (expected := expected_level(inputs, prediction)) > prediction.level:
        requirement = required(expected, prediction, prices, requirement.count)
        anticipated = anticipate(inputs, steps[-1], prediction, requirement)
        steps = (*steps, anticipated) if anticipated else steps
    shadow, accounts = compared(policy, inputs, demand.replicas, state)
    busy = inputs.now if demand.replicas else state.busy
    return _Answer(steps, requirement, replace(state, busy=busy, forecasts=learned, shadow=shadow, accounts=accounts))


def _is_usable(inputs: ScalingInput) -> bool:
    measured = inputs.measured
    return measured.status not in ("absent", "stale") and not _is_old(inputs)


def _is_old(inputs: ScalingInput) -> bool:
    measured = inputs.measured
    oldest = STALE_INTERVALS * max(inputs.interval, measured.seconds)
    if measured.seconds >= MINUTE:  # as a target measures by itself, whose points come late
        oldest = max(oldest, STALE_SECONDS)
    return inputs.now - measured.at > oldest


def _why_unchanged(inputs: ScalingInput) -> str:
    measured = inputs.measured
    why = {"absent": "no metrics answered", "stale": "the metrics are old"}.get(measured.status)
    if why is None and _is_old(inputs):
        why = f"the metrics are {inputs.now - measured.at:.0f} s old"
    return f"{why or 'no signal has a usable value'}, so the count stays"


def _with_target_reason(inputs: ScalingInput, limited: Step) -> Step:
    """With what the target said of its room, which is all that a person can check it by."""
    if limited.name != "room" or not inputs.room_because:
        return limited
    return replace(limited, reason=f"{limited.reason}: {inputs.room_because}")


def _unit(policy: Policy, inputs: ScalingInput) -> str:
    return f"{inputs.capacity:g} {policy.requests_per_second} {policy.cpu} {policy.queue}"


def _compared_for(policy: Policy, inputs: ScalingInput, unit: str) -> str:
    bounds = f"{inputs.minimum} {inputs.maximum} {policy.step}"
    return f"{unit} {policy.utilisation:g} {policy.prefer} {bounds}"


def _reason_text(inputs: ScalingInput, steps: tuple[Step, ...]) -> str:
    """`web: 3 to 5 replicas: ...`, with what every step that had something to say said."""
    before, after = inputs.wanted, steps[-1].replicas
    count = f"stays at {after}" if after == before else f"{before} to {after}"
    plural = "replica" if after == 1 else "replicas"
    return f"{inputs.service}: {count} {plural}: {'; '.join(step.reason for step in steps)}"
