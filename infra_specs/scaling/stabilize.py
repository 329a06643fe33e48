"""Up at once, down to the highest recommendation of the window: what falls for a moment takes nothing away."""

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Step
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.recommend import TOLERANCE
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.stackfile.models.units import duration_text

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


def stabilize(
    policy: Policy, inputs: ScalingInput, recommended: Step, window: Recommendations, busy: float
) -> Step | None:
    """Nothing to say when more is recommended, or the same."""
    count, wanted = recommended.replicas, inputs.wanted
    if count >= wanted:
        return None
    highest = min(window[0][1], wanted)
    idle = inputs.now - busy
    if not count and highest <= 1 and idle < policy.idle:
        left = duration_text(round(policy.idle - idle))
        return Step("stabilize", min(1, wanted), f"the last one goes when {left} more pass without a request")
    if 0 < wanted - highest < TOLERANCE * wanted:
        return Step("stabilize", wanted, f"{highest} would be within {100 * TOLERANCE:.0f} % of {wanted}")
    if highest > count:
        return Step("stabilize", highest, f"{highest} were wanted within the last {duration_text(policy.window)}")
    return None
