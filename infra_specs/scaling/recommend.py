"""The count that demand asks for: what there is, and what will be when a new replica serves."""

import math
from dataclasses import dataclass

from infra_specs.scaling.decision import Step
from infra_specs.scaling.forecast import Forecast
from infra_specs.scaling.load import Load
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import PastDemand, ScalingInput

over_peak = 1.3
"""Times the highest demand of the last hour, beyond which no headroom goes: what swings to and fro between known bounds
is badly foretold, and needs no more for it."""
tolerance = 0.1
"""Of the count: by how much it may be off before it changes, as in Kubernetes."""
short_at_most = 0.03
"""Of the count, or one: by how much it may fall short of what is asked, that tolerance or not."""
rhythm_at_most = 3.0
"""Times the demand of now that earlier days can foretell."""
rhythm_days = 2
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
    highest = over_peak * max(level, forecast.peak)
    return Requirement(max(min(level + varies, highest), level / policy.utilisation), level)


def round_up(exact: float, wanted: int) -> tuple[int, bool]:
    """Whole replicas for a wish, and whether it is the present count though that falls a little short."""
    if wanted < exact <= wanted + min(tolerance * wanted, max(1.0, short_at_most * wanted)):
        return wanted, True
    return max(1, math.ceil(exact - 1e-9)), False


def recommend(policy: Policy, situation: ScalingInput, load: Load, forecast: Forecast) -> Step:
    """For the demand that there is. Never none while the service may not end in zero or something arrives."""
    asked = required_replicas(policy, forecast.level, forecast)
    if not load.replicas and not situation.minimum:
        return Step("recommend", 0, f"{load.said}: none is needed")
    count, held = round_up(asked.exact, situation.wanted)
    said = f"{load.said}, the work of {_number(asked.level)} full replicas, and what it varies by"
    if held:
        return Step("recommend", count, f"{said} ask for {_number(asked.exact)}, which {count} still take")
    return Step("recommend", count, f"{said} ask for {_number(asked.exact)}")


def anticipate(policy: Policy, situation: ScalingInput, so_far: Step, forecast: Forecast) -> Step | None:
    """More where the trend, or the same time on earlier days, says that more will be there when a replica serves.
    Never fewer: nothing is taken away for what is only foretold."""
    if not so_far.replicas:
        return None
    rhythm = rhythm_ratio(situation.rhythm)
    ahead = max(forecast.ahead, forecast.level * rhythm)
    asked = required_replicas(policy, ahead, forecast)
    count, _ = round_up(asked.exact, situation.wanted)
    if count <= so_far.replicas:
        return None
    seconds = f"in {situation.start_seconds + situation.interval:.0f} s"
    if forecast.level * rhythm > forecast.ahead:
        cause = f"it rises by {100 * (rhythm - 1):.0f} % at this time of day"
    else:
        cause = f"it is rising, to {_number(ahead)} {seconds}"
    return Step("anticipate", count, f"{cause}, which asks for {_number(asked.exact)}")


def rhythm_ratio(earlier: tuple[PastDemand, ...]) -> float:
    """By how many times demand usually rises from now until a new replica serves: the middle of the earlier days'
    ratios, the lower one of two, and 1 when there are too few days or none rose."""
    ratios = sorted(one.ahead / one.now for one in earlier if one.now > 0 and math.isfinite(one.ahead / one.now))
    if len(ratios) < rhythm_days:
        return 1.0
    return min(max(ratios[(len(ratios) - 1) // 2], 1.0), rhythm_at_most)


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
