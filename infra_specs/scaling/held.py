"""Whether a service has a count that was not decided for its demand, so that it teaches nothing of our decisions.

A limit that the HPA beside does not have, advice that nobody takes, a run that did not begin: until the next count
serves, heat and loss are not ours.
"""

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.scaling_input import ScalingInput

SHARED = "largest step"
"""The limit that the HPA beside has too, at every check."""
INTERVALS = 2
"""Until a decision is wanted, and until a whole window has seen what serves."""


def is_held(state: AutoscalerState, now: float) -> bool:
    """At `now`, in seconds since the epoch."""
    return state.held is not None and now < state.held


def held_by_run(inputs: ScalingInput, state: AutoscalerState) -> float | None:
    """Until when (seconds since the epoch) it is held, told also of a run that has not begun at this check."""
    if state.counts is None or state.counts[0] == state.counts[1] or inputs.wanted != state.counts[0]:
        return state.held
    return until_served(inputs)


def held_by_limit(decision: Decision, state: AutoscalerState, limits: tuple[str, ...]) -> float | None:
    """Until when it is held, told also of this decision. `limits`: the names of the steps that are limits."""
    limited = any(step.name in limits and step.name != SHARED for step in decision.steps)
    return until_served(decision.inputs) if limited or decision.inputs.mode != "act" else state.held


def until_served(inputs: ScalingInput) -> float:
    """When (seconds since the epoch) a count that is decided next has served for a whole window."""
    return inputs.now + inputs.start_seconds + INTERVALS * inputs.interval
