"""Up at once, down to the highest recommendation of the window: what falls for a moment takes nothing away.

Where demand drifts, a part of the window is enough; where it swung, it may swing back.
"""

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Step
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.stackfile.models.units import duration_text

SETTLED_PART = 1 / 3
"""Of the window, where demand has drifted and not swung."""
MOST_RECOMMENDATIONS = 40
"""Recommendations; more are only in a very long window."""

Recommendations = tuple[tuple[float, int], ...]


def updated_window(policy: Policy, inputs: ScalingInput, state: AutoscalerState, count: int) -> Recommendations:
    """The window's recommendations with a new one in it. One that a later one reaches says nothing any more, so what is
    left falls, and the first is the highest. What somebody asked for since the last check is one of them, and with
    nothing remembered the count that is there."""
    now, wanted = inputs.now, inputs.wanted
    since = now - policy.window + 1e-6
    previous = state.recommendations or ((now, wanted),)
    if state.counts and wanted not in state.counts:
        previous = (*(entry for entry in previous if entry[1] > wanted), (now, wanted))
    remaining = [entry for entry in previous if entry[0] >= since and entry[1] > count]
    if len(remaining) > MOST_RECOMMENDATIONS:  # two become one that is as high and as young
        remaining[:2] = [(remaining[1][0], remaining[0][1])]
    return (*remaining, (now, count))


def settles_at(policy: Policy, inputs: ScalingInput, state: AutoscalerState, *, measured: bool) -> float:
    """From when on (seconds since the epoch) only a part of the window counts: a window after demand swung, was not
    measured, or somebody asked for a count. What went at once may come again; what drifts does not."""
    by_hand = state.counts is not None and inputs.wanted not in state.counts
    if by_hand or not measured or state.settles is None:
        return inputs.now + policy.window
    return state.settles


def stabilize(policy: Policy, inputs: ScalingInput, recommended: Step, state: AutoscalerState) -> Step | None:
    """Nothing to say when more is recommended, or the same. `state`: with this check in it."""
    count, wanted = recommended.replicas, inputs.wanted
    if count >= wanted:
        return None
    settled = state.settles is not None and inputs.now >= state.settles
    window = policy.window * SETTLED_PART if settled else policy.window
    highest = min(_highest(state.recommendations, inputs.now - window), wanted)
    idle = inputs.now - (inputs.now if state.busy is None else state.busy)
    if not count and highest <= 1 and idle < policy.idle:
        left = duration_text(round(policy.idle - idle))
        return Step("stabilize", min(1, wanted), f"the last one goes when {left} more pass without a request")
    if highest > count:
        return Step("stabilize", highest, f"{highest} were wanted within the last {duration_text(window)}")
    return None


def _highest(recommendations: Recommendations, since: float) -> int:
    """Of those after `since`; they fall, so it is the first."""
    return next((count for at, count in recommendations if at > since + 1e-6), recommendations[-1][1])
