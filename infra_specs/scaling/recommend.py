"""The count that demand asks for: what there is, and what will be when a new replica serves."""

import math
from dataclasses import dataclass

from infra_specs.scaling.decision import Step
from infra_specs.scaling.forecast import Forecast
from infra_specs.scaling.load import Load
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import PastDemand, ScalingInput

MOST_OVER_PEAK = 1.3
"""Times the highest demand of the last hour, beyond which no headroom goes: what swings to and fro between known bounds
is badly foretold, and needs no more for it."""
TOLERANCE = 0.1
"""Of the count: by how much it may be off before it changes, as in Kubernetes."""
MOST_SHORTFALL = 0.03
"""Of the count, or one: by how much it may fall short of what is asked, that tolerance or not."""
SEASONAL_AT_MOST = 3.0
"""Times the demand of now that earlier days can foretell."""
SEASONAL_DAYS = 2
"""Earlier days that it takes to call it a rhythm."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """The exact number of replicas that a level of demand asks for, its headroom included."""

    exact: float
    level: float

    @property
    def headroom(self) -> float:
        return self.exact / self.level - 1 if self.level else 0.0


def required_replicas(policy: Policy, level: float, forecast: Forecast) -> Requirement:
    """Replicas for `level` full replicas' worth, and for what it varies by until they serve.

    Lopsided arrivals need more than the normal curve says: the second term of Cornish and Fisher's expansion,
    (z² - 1) / 6 x skewness x deviation, where skewness x deviation is 1.5 x variance / mean for requests that come in
    bunches of geometric size.
    """
    z = policy.caution
    varies = z * forecast.deviation(level) + max(0.0, z * z - 1) / 4 * forecast.variance
    highest = MOST_OVER_PEAK * max(level, forecast.peak)
    return Requirement(max(min(level + varies, highest), level / policy.utilisation), level)


def round_up(exact: float, wanted: int) -> tuple[int, bool]:
    """Whole replicas for a wish, and whether it is the present count though that falls a little short."""
    if wanted < exact <= wanted + min(TOLERANCE * wanted, max(1.0, MOST_SHORTFALL * wanted)):
        return wanted, True
    return max(1, math.ceil(exact - 1e-9)), False


def recommend(policy: Policy, inputs: ScalingInput, load: Load, forecast: Forecast) -> Step:
    """For the demand that there is. Never none while the service may not end in zero or something arrives."""
    requirement = required_replicas(policy, forecast.level, forecast)
    if not load.replicas and not inputs.minimum:
        return Step("recommend", 0, f"{load.signal}: none is needed")
    count, within_tolerance = round_up(requirement.exact, inputs.wanted)
    text = f"{load.signal}, the work of {_number(requirement.level)} full replicas, and what it varies by"
    if within_tolerance:
        return Step("recommend", count, f"{text} ask for {_number(requirement.exact)}, which {count} still take")
    return Step("recommend", count, f"{text} ask for {_number(requirement.exact)}")


def anticipate(policy: Policy, inputs: ScalingInput, so_far: Step, forecast: Forecast) -> Step | None:
    """More where the trend, or the same time on earlier days, says that more will be there when a replica serves.
    Never fewer: nothing is taken away for what is only foretold."""
    if not so_far.replicas:
        return None
    ratio = seasonal_ratio(inputs.rhythm)
    ahead = max(forecast.ahead, forecast.level * ratio)
    requirement = required_replicas(policy, ahead, forecast)
    count, _ = round_up(requirement.exact, inputs.wanted)
    if count <= so_far.replicas:
        return None
    seconds = f"in {inputs.start_seconds + inputs.interval:.0f} s"
    if forecast.level * ratio > forecast.ahead:
        cause = f"it rises by {100 * (ratio - 1):.0f} % at this time of day"
    else:
        cause = f"it is rising, to {_number(ahead)} {seconds}"
    return Step("anticipate", count, f"{cause}, which asks for {_number(requirement.exact)}")


def seasonal_ratio(past: tuple[PastDemand, ...]) -> float:
    """By how many times demand usually rises from now until a new replica serves: the middle of the earlier days'
    ratios, the lower one of two, and 1 when there are too few days or none rose."""
    ratios = sorted(day.ahead / day.now for day in past if day.now > 0 and math.isfinite(day.ahead / day.now))
    if len(ratios) < SEASONAL_DAYS:
        return 1.0
    return min(max(ratios[(len(ratios) - 1) // 2], 1.0), SEASONAL_AT_MOST)


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
