"""recommend, keep the latency, anticipate, stabilize, limit: one number through small steps, each of which says why."""

from dataclasses import replace

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Decision, Step
from infra_specs.scaling.forecast import forecast
from infra_specs.scaling.latency import keep_latency
from infra_specs.scaling.limits import LIMITS
from infra_specs.scaling.load import Load, load
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.recommend import anticipate, recommend, required_replicas
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.scaling.stabilize import stabilize, updated_window

STALE_INTERVALS = 3
"""Checks after which a measurement is too old to say anything, whatever its source says of it."""


def decide(policy: Policy, inputs: ScalingInput, state: AutoscalerState) -> tuple[Decision, AutoscalerState]:
    """The count that `situation` asks for, and what to remember until the next check.

    Pure: equal inputs give equal answers. The count lies within the spec's bounds, except that the target's room and a
    budget that says stop may lie below them. What is not measured changes no count, what is measured in part lowers
    none, and what is foretold takes nothing away.
    """
    demand = load(policy, inputs) if _is_usable(inputs) else None
    steps: tuple[Step, ...]
    if demand is None:
        steps, state = (Step("recommend", inputs.wanted, _why_unchanged(inputs)),), replace(state, busy=inputs.now)
    else:
        steps, state = _from_demand(policy, inputs, demand, state)
    window = updated_window(policy, inputs, state, steps[-1].replicas)
    busy = inputs.now if state.busy is None else state.busy
    stable = stabilize(policy, inputs, steps[-1], window, busy)
    steps = (*steps, stable) if stable else steps
    for limit in LIMITS:
        limited = limit(policy, inputs, steps[-1].replicas)
        steps = (*steps, _with_target_reason(inputs, limited)) if limited else steps
    count = steps[-1].replicas
    decision = Decision(inputs.service, inputs.now, inputs.wanted, count, _reason_text(inputs, steps), steps, inputs)
    return decision, AutoscalerState(window, busy, (inputs.wanted, count), state.forecasts, inputs.measured.serving)


def _from_demand(
    policy: Policy, inputs: ScalingInput, demand: Load, state: AutoscalerState
) -> tuple[tuple[Step, ...], AutoscalerState]:
    measured = inputs.measured
    prediction, learned = forecast(
        state.forecasts,
        _unit(policy, inputs),
        demand.replicas,
        measured.at,
        interval=inputs.interval,
        lead=inputs.start_seconds + inputs.interval,
    )
    busy = inputs.now if demand.replicas else state.busy
    step = recommend(policy, inputs, demand, prediction)
    for_latency = keep_latency(
        policy, inputs, step, required_replicas(policy, prediction.level, prediction), state.serving
    )
    steps = (step, for_latency) if for_latency else (step,)
    if measured.status != "fresh":  # a lower bound: it may raise, and teaches nothing
        if steps[-1].replicas <= inputs.wanted:
            reason = f"measured in part ({measured.status}), so none is taken away"
            return (Step("recommend", inputs.wanted, reason),), replace(state, busy=inputs.now)
        return steps, replace(state, busy=inputs.now)
    anticipated = anticipate(policy, inputs, steps[-1], prediction)
    return (*steps, anticipated) if anticipated else steps, replace(state, busy=busy, forecasts=learned)


def _is_usable(inputs: ScalingInput) -> bool:
    measured = inputs.measured
    old = inputs.now - measured.at > STALE_INTERVALS * max(inputs.interval, measured.seconds)
    return measured.status not in ("absent", "stale") and not old


def _why_unchanged(inputs: ScalingInput) -> str:
    measured = inputs.measured
    why = {"absent": "no metrics answered", "stale": "the metrics are old"}.get(measured.status)
    age = inputs.now - measured.at
    old = age > STALE_INTERVALS * max(inputs.interval, measured.seconds)
    return (
        f"{why or (f'the metrics are {age:.0f} s old' if old else 'no signal has a usable value')}, so the count stays"
    )


def _with_target_reason(inputs: ScalingInput, limited: Step) -> Step:
    """With what the target said of its room, which is all that a person can check it by."""
    if limited.name != "room" or not inputs.room_because:
        return limited
    return replace(limited, reason=f"{limited.reason}: {inputs.room_because}")


def _unit(policy: Policy, inputs: ScalingInput) -> str:
    return f"{inputs.capacity:g} {policy.requests_per_second} {policy.cpu} {policy.queue}"


def _reason_text(inputs: ScalingInput, steps: tuple[Step, ...]) -> str:
    """`web: 3 to 5 replicas: ...`, with what every step that had something to say said."""
    before, after = inputs.wanted, steps[-1].replicas
    count = f"stays at {after}" if after == before else f"{before} to {after}"
    plural = "replica" if after == 1 else "replicas"
    return f"{inputs.service}: {count} {plural}: {'; '.join(step.reason for step in steps)}"
