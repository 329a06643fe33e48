"""What is remembered without what lies in the future: a clock that was set back would wait for it."""

from dataclasses import replace

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.forecast import LONGEST_LEAD
from infra_specs.scaling.held import until_served
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput
from infra_specs.scaling.stabilize import Recommendations


def without_future(policy: Policy, inputs: ScalingInput, state: AutoscalerState) -> AutoscalerState:
    """`state` with nothing after `inputs.now`; what waits for a time waits no longer than from now on."""
    now = inputs.now
    last_due = now + (LONGEST_LEAD + 1) * inputs.interval
    return replace(
        state,
        recommendations=_recommendations(inputs, state),
        settles=_at_most(state.settles, now + policy.window),
        busy=_at_most(state.busy, now),
        fewer=_at_most(state.fewer, now),
        held=_at_most(state.held, until_served(inputs)),
        forecasts=replace(state.forecasts, due=tuple(entry for entry in state.forecasts.due if entry[0] <= last_due)),
        shadow=replace(state.shadow, wishes=tuple(entry for entry in state.shadow.wishes if entry[0] <= now)),
    )


def _recommendations(inputs: ScalingInput, state: AutoscalerState) -> Recommendations:
    """Those until now. What later ones stood for is the count that is there."""
    now, wanted, kept = inputs.now, inputs.wanted, state.recommendations
    past = tuple(entry for entry in kept if entry[0] <= now)
    return past if len(past) == len(kept) else (*(entry for entry in past if entry[1] > wanted), (now, wanted))


def _at_most(moment: float | None, latest: float) -> float | None:
    return None if moment is None else min(moment, latest)
