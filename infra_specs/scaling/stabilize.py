"""Up at once, down to the highest recommendation of the window: what falls for a moment takes nothing away."""

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decision import Step
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.recommend import tolerance
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.stackfile.models.units import duration_text

most_kept = 40
"""Recommendations; more are only in a very long window."""

Recommendations = tuple[tuple[float, int], ...]


def remembered(policy: Policy, situation: ScalingInput, memory: AutoscalerState, count: int) -> Recommendations:
    """The window's recommendations with a new one in it. One that a later one reaches says nothing any more, so what is
    left falls, and the first is the highest. What somebody asked for since the last check is one of them, and with
    nothing remembered the count that is there."""
    now, wanted = situation.now, situation.wanted
    since = now - policy.window + 1e-6
    known = memory.recommendations or ((now, wanted),)
    if memory.counts and wanted not in memory.counts:
        known = (*(one for one in known if one[1] > wanted), (now, wanted))
    kept = [one for one in known if one[0] >= since and one[1] > count]
    if len(kept) > most_kept:  # two become one that is as high and as young
        kept[:2] = [(kept[1][0], kept[0][1])]
    return (*kept, (now, count))


def stabilize(
    policy: Policy, situation: ScalingInput, so_far: Step, window: Recommendations, busy: float
) -> Step | None:
    """Nothing to say when more is recommended, or the same."""
    count, wanted = so_far.replicas, situation.wanted
    if count >= wanted:
        return None
    highest = min(window[0][1], wanted)
    idle = situation.now - busy
    if not count and highest <= 1 and idle < policy.idle:
        left = duration_text(round(policy.idle - idle))
        return Step("stabilize", min(1, wanted), f"the last one goes when {left} more pass without a request")
    if 0 < wanted - highest < tolerance * wanted:
        return Step("stabilize", wanted, f"{highest} would be within {100 * tolerance:.0f} % of {wanted}")
    if highest > count:
        return Step("stabilize", highest, f"{highest} were wanted within the last {duration_text(policy.window)}")
    return None
