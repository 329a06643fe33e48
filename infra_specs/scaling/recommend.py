"""The count that demand asks for: the cheapest of money, heat and loss when a replica that is asked for now serves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from infra_specs.scaling.cost import Atoms, Prices, cheapest_count, expected_cost
from infra_specs.scaling.decision import Step
from infra_specs.scaling.forecast import Forecast
from infra_specs.scaling.load import Load
from infra_specs.scaling.noise import atoms, within
from infra_specs.scaling.scaling_input import PastDemand, ScalingInput

SEASONAL_AT_MOST = 3.0
"""Times the demand of now that earlier days can foretell."""
SEASONAL_DAYS = 2
"""Earlier days that it takes to call it a rhythm."""
MOSTLY = 0.95
"""The part of the checks that a reason speaks of."""
DOWN_TIMES = 4
"""Times the price of a change that fewer replicas must save: what goes may have to come again."""
MOST_PART = 1.5
"""Times the present count, that fewer must save at most, whatever a change costs: where most of it is not needed, that
is reached in a few checks."""
MOST_SECONDS, TOLERANCE = 2700.0, 0.2
"""After which more than this part of the count goes that was needed at no check, whatever a change costs."""
KEPT = 0.72
"""Of the savings of fewer replicas, with each check."""
DIGITS = 6


@dataclass(frozen=True, slots=True)
class Requirement:
    """The cheapest count for an expected level of demand, and the demand that may come of it."""

    level: float
    demand: Atoms
    prices: Prices
    count: int

    def cost(self, count: int) -> float:
        """In replicas, of a count from 1 on."""
        return expected_cost(count, self.demand, self.prices)


def required(level: float, forecast: Forecast, prices: Prices, near: int) -> Requirement:
    """For `level` full replicas' worth, and what it varies by until they serve; sought from `near` replicas on."""
    demand = atoms(forecast.bins, level, forecast.deviation(level))
    return Requirement(level, demand, prices, cheapest_count(demand, prices, near))


def recommend(inputs: ScalingInput, load: Load, forecast: Forecast, requirement: Requirement) -> Step:
    """For the demand that there is. Never none while the service may not end in zero or something arrives."""
    if not load.replicas and not inputs.minimum:
        return Step("recommend", 0, f"{load.signal}: none is needed")
    level = requirement.level
    most = level + forecast.deviation(level) * max(0.0, within(forecast.bins, MOSTLY))
    return Step(
        "recommend", requirement.count,
        f"{load.signal}, the work of {_number(level)} full replicas, and mostly below {_number(most)}: "
        f"{requirement.count} cost least with what would be slow or lost",
    )  # fmt: skip


def expected_level(inputs: ScalingInput, forecast: Forecast) -> float:
    """The demand when a new replica serves: by its trend, or by the same time on earlier days."""
    return max(forecast.ahead, forecast.level * seasonal_ratio(inputs.rhythm))


def anticipate(inputs: ScalingInput, so_far: Step, forecast: Forecast, requirement: Requirement) -> Step | None:
    """More where the trend, or the same time on earlier days, says that more will be there when a replica serves.
    Never fewer: nothing is taken away for what is only foretold."""
    if not so_far.replicas or requirement.count <= so_far.replicas:
        return None
    ratio = seasonal_ratio(inputs.rhythm)
    seconds = f"in {inputs.start_seconds + inputs.interval:.0f} s"
    if forecast.level * ratio > forecast.ahead:
        cause = f"it rises by {100 * (ratio - 1):.0f} % at this time of day"
    else:
        cause = f"it is rising, to {_number(requirement.level)} {seconds}"
    return Step("anticipate", requirement.count, f"{cause}, which asks for {requirement.count}")


@dataclass(frozen=True, slots=True)
class Savings:
    """What fewer replicas would have saved in the last checks, in replicas, and since when (seconds since the epoch)
    fewer would have done at every check."""

    saved: float = 0.0
    since: float | None = None


def keep_calm(
    inputs: ScalingInput, steps: Sequence[Step], requirement: Requirement, savings: Savings
) -> tuple[Step | None, Savings]:
    """The present count, where another saves less than a change costs; and the savings so far.

    More come when one check of them is worth a change. Fewer come when the savings of these last checks together are
    worth one, and whatever a change costs, no later than `MOST_SECONDS` after fewer do at every check. It has nothing
    to say of none, and of more for the sake of latency.
    """
    count, wanted, price = steps[-1].replicas, inputs.wanted, requirement.prices.change
    if not count or not wanted:
        return None, Savings()
    if count == wanted:
        waits = any(step.name == "stabilize" for step in steps)
        return None, Savings(round(savings.saved * KEPT, DIGITS)) if waits else Savings()
    saved = requirement.cost(wanted) - requirement.cost(count)
    if count > wanted:
        if saved > price or any(step.name == "latency" for step in steps):
            return None, Savings()
        return Step("keep calm", wanted, _why_calm(count, wanted, saved, price)), Savings()
    since = inputs.now if savings.since is None else savings.since
    savings = Savings(round(savings.saved * KEPT + saved, DIGITS), since)
    least = min(DOWN_TIMES * price, MOST_PART * wanted)
    is_late = inputs.now - since >= MOST_SECONDS and wanted - count > TOLERANCE * wanted
    if savings.saved > least or is_late:
        return None, savings
    return Step("keep calm", wanted, _why_calm(count, wanted, savings.saved, least)), savings


def _why_calm(count: int, wanted: int, saved: float, least: float) -> str:
    """`saved` and `least` in replicas."""
    worth = _number(max(0.0, saved))
    return f"{wanted} stay: {count} would save {worth} replicas' worth of cost, and a change costs {_number(least)}"


def seasonal_ratio(past: tuple[PastDemand, ...]) -> float:
    """By how many times demand usually rises from now until a new replica serves: the middle of the earlier days'
    ratios, the lower one of two, and 1 when there are too few days or none rose."""
    ratios = sorted(day.ahead / day.now for day in past if day.now > 0 and math.isfinite(day.ahead / day.now))
    if len(ratios) < SEASONAL_DAYS:
        return 1.0
    return min(max(ratios[(len(ratios) - 1) // 2], 1.0), SEASONAL_AT_MOST)


def _number(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"
