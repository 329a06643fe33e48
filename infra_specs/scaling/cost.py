"""The expected cost of a count, in replicas: its money, and what would be slow, hot and lost with it.

Of one full replica's worth of demand at a utilisation u:
slow: 1 / (1 - u), the response time over that of an idle replica, its price such that steady demand costs least at
exactly the utilisation that the stack asks for. Beyond 0.9 it goes on as a straight line. hot: from 0.95 on, in
proportion. lost: what exceeds the replicas. All three rise faster the fuller replicas are, so the sum has one
least count, and more demand never has a lower one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

STRAIGHT, SLOPE = 0.9, 1 / (1 - 0.9) ** 2
"""The utilisation from which the response time is taken as a straight line, and its slope there."""
HOT = 0.95
"""The utilisation from which demand is hot."""

Atoms = Sequence[tuple[float, float]]
"""(demand in full replicas' worth, probability)."""


@dataclass(frozen=True, slots=True)
class Prices:
    """In replicas: of one response time more for one full replica's worth of demand, of one worth that is hot, and of
    one that is lost; and of a change of the count."""

    slow: float
    hot: float
    lost: float
    change: float


def slow_price(utilisation: float) -> float:
    """With which steady demand costs least at this utilisation: there 1 / u + price / (1 - u) is at its least."""
    return ((1 - utilisation) / utilisation) ** 2


def expected_cost(count: int, demand: Atoms, prices: Prices) -> float:
    """Of a step with so many replicas, in replicas. `count` is at least 1."""
    slow, hot, lost = prices.slow, prices.hot / (1 - HOT), prices.lost
    straight = slow / (1 - STRAIGHT)
    total = float(count)
    for arrives, probability in demand:
        used = arrives / count
        if used <= STRAIGHT:
            total += probability * arrives * slow / (1 - used)
            continue
        cost = straight + slow * SLOPE * (used - STRAIGHT)
        if used > HOT:
            cost += hot * (used - HOT)
        if used > 1:
            cost += lost * (1 - 1 / used)
        total += probability * arrives * cost
    return total


def cheapest_count(demand: Atoms, prices: Prices, near: int) -> int:
    """The count with the least expected cost, at least 1; the lower one of two. Sought from `near` on, in steps that
    double: mostly it is there, or beside it."""

    known: dict[int, float] = {}

    def cost(count: int) -> float:
        if count not in known:
            known[count] = expected_cost(count, demand, prices)
        return known[count]

    def falls(count: int) -> bool:
        return cost(count + 1) < cost(count)

    near = max(1, near)
    low, high, step = near, near, 1
    if falls(near):
        low = near + 1
        while falls(high := low + step - 1):
            low, step = high + 1, 2 * step
    else:
        while low > 1 and not falls(low - 1):
            high = low - 1
            low = max(1, high - step)
            step *= 2
            if falls(low):
                low += 1
                break
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if falls(middle) else (low, middle)
    return low
