"""A service whose demand is a function of the check, and what was decided for it. Nothing fails and nobody is slow."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput

monday = 1_767_571_200.0
"""2026-01-05, 00:00 UTC."""
defaults, nothing_known = Policy(), AutoscalerState()


def inputs(in_flight: float | None, **other: Any) -> ScalingInput:
    """A service of 10 requests in flight a replica, which all serve."""
    at, wanted = other.pop("now", monday), other.pop("wanted", 3)
    told = {name: other.pop(name) for name in ("status", "cpu", "queue", "latency") if name in other}
    told["requests_per_second"] = other.pop("rate", None)
    measured = Measurement(other.pop("at", at), 15.0, in_flight=in_flight, serving=wanted, **told)
    return ScalingInput(
        "web",
        at,
        measured,
        wanted,
        other.pop("serving", wanted),
        other.pop("starting", 0),
        **{"maximum": 1000, **other},
    )


def play(
    demand: Callable[[int], float | None] | Sequence[float | None],
    checks: int | None = None,
    *,
    policy: Policy = defaults,
    memory: AutoscalerState = nothing_known,
    **other: Any,
) -> tuple[list[Decision], AutoscalerState]:
    """One decision each 15 s, each count wanted at once. None is a check that measured nothing."""
    if callable(demand):
        of, checks = demand, checks or 0
    else:
        of, checks = demand.__getitem__, len(demand)
    wanted, began = other.pop("wanted", 3), other.pop("now", monday)
    decisions = []
    for check in range(checks):
        value = of(check)
        now = inputs(value, now=began + 15 * check, wanted=wanted, **other)
        if value is None:
            now = replace(now, measured=replace(now.measured, status="absent"))
        decision, memory = decide(policy, now, memory)
        decisions.append(decision)
        wanted = decision.replicas
    return decisions, memory


def counts(decisions: Sequence[Decision]) -> list[int]:
    return [decision.replicas for decision in decisions]


def actions(decisions: Sequence[Decision]) -> list[str]:
    return [str(decision) for decision in decisions if decision.changes]
