"""recommend, keep the latency, anticipate, stabilize, limit: one number through small steps, each of which says why."""

from dataclasses import replace

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Decision, Step
from infra_specs.scaling.forecast import forecast
from infra_specs.scaling.latency import keep_latency
from infra_specs.scaling.limits import limits
from infra_specs.scaling.load import Load, load
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.recommend import anticipate, recommend, required_replicas
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.scaling.stabilize import remembered, stabilize

stale_intervals = 3
"""Checks after which a measurement is too old to say anything, whatever its source says of it."""


def decide(policy: Policy, situation: ScalingInput, memory: AutoscalerState) -> tuple[Decision, AutoscalerState]:
    """The count that `situation` asks for, and what to remember until the next check.

    Pure: equal inputs give equal answers. The count lies within the spec's bounds, except that the target's room and a
    budget that says stop may lie below them. What is not measured changes no count, what is measured in part lowers
    none, and what is foretold takes nothing away.
    """
    seen = load(policy, situation) if _speaks(situation) else None
    steps: tuple[Step, ...]
    if seen is None:
        steps, memory = (Step("recommend", situation.wanted, _silence(situation)),), replace(memory, busy=situation.now)
    else:
        steps, memory = _from_demand(policy, situation, seen, memory)
    window = remembered(policy, situation, memory, steps[-1].replicas)
    busy = situation.now if memory.busy is None else memory.busy
    stable = stabilize(policy, situation, steps[-1], window, busy)
    steps = (*steps, stable) if stable else steps
    for limit in limits:
        bitten = limit(policy, situation, steps[-1].replicas)
        steps = (*steps, _told(situation, bitten)) if bitten else steps
    count = steps[-1].replicas
    decision = Decision(
        situation.service, situation.now, situation.wanted, count, _sentence(situation, steps), steps, situation
    )
    return decision, AutoscalerState(
        window, busy, (situation.wanted, count), memory.forecasts, situation.measured.serving
    )


def _from_demand(
    policy: Policy, situation: ScalingInput, seen: Load, memory: AutoscalerState
) -> tuple[tuple[Step, ...], AutoscalerState]:
    measured = situation.measured
    said, learned = forecast(
        memory.forecasts,
        _unit(policy, situation),
        seen.replicas,
        measured.at,
        interval=situation.interval,
        lead=situation.start_seconds + situation.interval,
    )
    busy = situation.now if seen.replicas else memory.busy
    step = recommend(policy, situation, seen, said)
    slow = keep_latency(policy, situation, step, required_replicas(policy, said.level, said), memory.serving)
    steps = (step, slow) if slow else (step,)
    if measured.status != "fresh":  # a lower bound: it may raise, and teaches nothing
        if steps[-1].replicas <= situation.wanted:
            reason = f"measured in part ({measured.status}), so none is taken away"
            return (Step("recommend", situation.wanted, reason),), replace(memory, busy=situation.now)
        return steps, replace(memory, busy=situation.now)
    more = anticipate(policy, situation, steps[-1], said)
    return (*steps, more) if more else steps, replace(memory, busy=busy, forecasts=learned)


def _speaks(situation: ScalingInput) -> bool:
    measured = situation.measured
    old = situation.now - measured.at > stale_intervals * max(situation.interval, measured.seconds)
    return measured.status not in ("absent", "stale") and not old


def _silence(situation: ScalingInput) -> str:
    measured = situation.measured
    why = {"absent": "no metrics answered", "stale": "the metrics are old"}.get(measured.status)
    age = situation.now - measured.at
    old = age > stale_intervals * max(situation.interval, measured.seconds)
    return (
        f"{why or (f'the metrics are {age:.0f} s old' if old else 'no signal has a usable value')}, so the count stays"
    )


def _told(situation: ScalingInput, bitten: Step) -> Step:
    """With what the target said of its room, which is all that a person can check it by."""
    if bitten.name != "room" or not situation.room_because:
        return bitten
    return replace(bitten, reason=f"{bitten.reason}: {situation.room_because}")


def _unit(policy: Policy, situation: ScalingInput) -> str:
    return f"{situation.capacity:g} {policy.requests_per_second} {policy.cpu} {policy.queue}"


def _sentence(situation: ScalingInput, steps: tuple[Step, ...]) -> str:
    """`web: 3 to 5 replicas: ...`, with what every step that had something to say said."""
    before, after = situation.wanted, steps[-1].replicas
    count = f"stays at {after}" if after == before else f"{before} to {after}"
    plural = "replica" if after == 1 else "replicas"
    return f"{situation.service}: {count} {plural}: {'; '.join(step.reason for step in steps)}"
