"""Growth that comes near what the stack was designed for, or may cost: said early, with the next step."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra_specs.advice.proposed_change import ProposedChange, possible_change
from infra_specs.pricing.price import rate, replica_price, usd
from infra_specs.sizing.replicas import TARGET_UTILISATION, replicas_for
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack

NEAR_LIMIT = 0.8
"""The part of what there is from which it is said."""
NOTICE_DAYS = 30.0
"""A trend that gets there within this time is said, too."""
FEWEST_DAYS = 14
"""Days of which the highest demand is known before a trend is believed."""
WEEK_DAYS = 7
"""The busiest time of the last days is what is there now."""
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Advice:
    """What presses or is idle, in a sentence, and what to do about it."""

    about: str
    """The service, the need, or `budget`."""
    said: str
    step: ProposedChange | None
    less: bool = False
    """That the next step takes something away, which is idle."""
    waits: bool = False
    """That nothing is advised yet: it says from when, and what was seen so far."""

    def __str__(self) -> str:
        return f"{self.said}. Next step: {self.step}." if self.step else f"{self.said}."


Days = Sequence[tuple[float, float]]
"""(day, the highest mean of five minutes of requests in flight on it), in order."""
Peaks = Mapping[str, Days]
"""By service."""


def growth(stack: Stack, counts: Mapping[str, int], peaks: Peaks, today: float) -> tuple[Advice, ...]:
    """Advice for each service near its maximum, and for a budget that is nearly used.

    `today` is the day that is not over: what was busy on it counts, and a trend is drawn without it.
    """
    advices = [
        advice for name in stack.services if (advice := _service(stack, counts, name, peaks.get(name, ()), today))
    ]
    budget_advice = _budget(stack, counts, peaks, today)
    return (*advices, budget_advice) if budget_advice else tuple(advices)


def days_until(days: Days, level: float) -> float | None:
    """Days from the last one until the straight line through the highest of each week (least squares) reaches `level`.

    A week ends on every day, so that what follows a weekend is no growth. None when it does not rise, or is not known
    for long enough. 0 when it is there.
    """
    if len(days) < FEWEST_DAYS:
        return None
    points = [
        (day, max(in_flight for earlier, in_flight in days[: index + 1] if earlier > day - WEEK_DAYS))
        for index, (day, _) in enumerate(days)
        if day >= days[0][0] + WEEK_DAYS - 1
    ]
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    if slope <= 0:
        return None
    return max(0.0, (mean_x + (level - mean_y) / slope) - points[-1][0])


def _service(stack: Stack, counts: Mapping[str, int], name: str, days: Days, today: float) -> Advice | None:
    service, sizes, peak = stack.services[name], size(stack).services[name], _busiest(days, today)
    if peak is None or service.volumes:  # its one replica is all that it may have, whoever comes
        return None
    full = NEAR_LIMIT * sizes.maximum * service.capacity * TARGET_UTILISATION
    soon = days_until([entry for entry in days if entry[0] < today], full)
    if peak < full and (soon is None or soon > NOTICE_DAYS):
        return None
    needs = replicas_for(peak, service.capacity)
    when = f"needs {_replicas_text(needs)} at its busiest" if peak >= full else _soon_text(soon)
    limit = "what the file allows" if service.replicas.max is not None else "the design capacity"
    text = f"{name} {when}, of at most {sizes.maximum} ({limit})"
    if service.replicas.max is not None:
        more = {"services": {name: {"replicas": {"max": _rounded(2 * max(needs, sizes.maximum))}}}}
        return Advice(name, text, possible_change(stack, more, counts))
    # The users that there are now take the place of those that the file knows: the design is ten times that again.
    factor = peak / sizes.demand if sizes.demand else 1.0
    users = max(1.0, factor) * stack.users.monthly
    if not math.isfinite(users):  # next to none of the demand was to reach it: no number of users explains the peak
        return Advice(name, text, None)
    monthly = _rounded(users)
    if monthly <= stack.users.monthly:
        return Advice(name, text, possible_change(stack, {"headroom": min(100.0, 2 * stack.headroom)}, counts))
    return Advice(name, text, possible_change(stack, {"users": {"monthly": monthly}}, counts))


def _budget(stack: Stack, counts: Mapping[str, int], peaks: Peaks, today: float) -> Advice | None:
    """What the busiest hours of the week would cost all month, against the budget."""
    now = rate(stack, size(stack), counts)
    if stack.budget is None or now is None or not any(replica_price(stack, name) for name in stack.services):
        return None
    sizes = size(stack).services
    busy = {
        name: sizes[name].within(replicas_for(peak, stack.services[name].capacity))
        for name, days in peaks.items()
        if name in sizes and (peak := _busiest(days, today)) is not None
    }
    rate_when_busy = rate(stack, size(stack), {**counts, **busy}) or now
    highest = max(now, rate_when_busy)
    if highest < NEAR_LIMIT * stack.budget:
        return None
    text = f"the busiest hours would cost {usd(highest)} a month if they stayed, and the budget is {usd(stack.budget)}"
    return Advice("budget", text, possible_change(stack, {"budget": _rounded(1.25 * highest)}, counts))


def _busiest(days: Days, today: float) -> float | None:
    """Of the last week, today included."""
    return max((in_flight for day, in_flight in days if day >= today - WEEK_DAYS), default=None)


def _replicas_text(replicas: int) -> str:
    return f"{replicas} replica{'s' if replicas != 1 else ''}"


def _soon_text(days: float | None) -> str:
    return f"comes near its limit in {days or 0:.0f} days if it goes on growing as it does"


def _rounded(value: float) -> int:
    """Up to two digits that a person would write."""
    unit = int(10 ** max(0, math.floor(math.log10(max(value, 1))) - 1))
    return math.ceil(value / unit - 1e-9) * unit
