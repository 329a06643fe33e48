"""What bounds a policy on a trace: one that knows all that comes, and has the same 30 s start.

It is a shortest path through the counts of all steps. A step costs its replicas, and a price for what is slow, hot or
lost in it; a change costs a price too. The prices are moved until nothing is worse than a policy may have it: no more
lost and no hotter than HPA, a mean of at most 3.33 or HPA's, at most 1.2 times HPA's actions.
"""

from benchmarks.replay.rules import START_STEPS, Played, Trace, play
from benchmarks.replay.score import BUSIER, HOT, PROMISED, Score, response_factor, score

ROUNDS = 24
"""In which the prices are moved."""
MOST = 90
"""Replicas that a path may have: at 50 the 99.95th percentile has its 70 %."""
CONSTRAINED = ("lost", "hot", "mean", "actions")
FIRST_PRICES = {"lost": 3.0, "hot": 0.5, "mean": 0.18, "actions": 0.5}
"""Replica-steps for one lost and for one hot replica's worth, for one idle response time of it, and for a change."""


def clairvoyant(trace: Trace, theirs: Score) -> Score | None:
    """The cheapest score found that is no worse than `theirs` may be; None where none was. Takes minutes a trace."""
    allowed = {
        "lost": theirs.floored("lost"),
        "hot": theirs.floored("hot"),
        "mean": max(theirs.mean, PROMISED),
        "actions": BUSIER * theirs.floored("actions"),
    }
    prices, cheapest = dict(FIRST_PRICES), None
    for number in range(ROUNDS):
        found = score(trace, _played(trace, _path(trace, prices)))
        ratios = {name: found.floored(name) / allowed[name] for name in CONSTRAINED}
        if max(ratios.values()) <= 1 and (cheapest is None or found.cost < cheapest.cost):
            cheapest = found
        power = 1 if number < ROUNDS // 2 else 0.4
        for name, ratio in ratios.items():
            sharper = 6 if name == "mean" else 1
            prices[name] *= min(2.0, max(0.5, ratio ** (power * sharper)))
    return cheapest


def _played(trace: Trace, ready: list[int]) -> Played:
    """A path of ready counts, each asked for in time."""
    later = [*ready, *[ready[-1]] * START_STEPS]
    return play(lambda step, *_: max(later[step + 1 : step + 1 + START_STEPS]), trace)


def _path(trace: Trace, prices: dict[str, float]) -> list[int]:
    """The ready count of each step, of the cheapest path, from the last step back to the first."""
    counts = range(1, MOST + 1)
    ahead, choices = [0.0] * MOST, list[list[int]]()
    for rate in reversed(trace.rates):
        load = rate / trace.capacity
        ahead, chosen = _with_change(ahead, prices["actions"])
        ahead = [cost + _step_cost(load, count, prices) for cost, count in zip(ahead, counts, strict=True)]
        choices.append(chosen)
    at = min(range(MOST), key=ahead.__getitem__)
    path = [at + 1]
    for chosen in reversed(choices[1:]):
        at = chosen[at]
        path.append(at + 1)
    return path


def _step_cost(load: float, count: int, prices: dict[str, float]) -> float:
    used = load / count
    cost = count + prices["mean"] * load * response_factor(used)
    if used > HOT:
        cost += prices["hot"] * load + prices["lost"] * max(0.0, load - count)
    return cost


def _with_change(ahead: list[float], price: float) -> tuple[list[float], list[int]]:
    """The least cost from each count on, and the count of the next step: the same, fewer, or more at the price of one
    step in which they start."""
    costs, chosen = list(ahead), list(range(len(ahead)))
    least, best = ahead[0] + price, 0
    for at in range(1, len(ahead)):  # fewer
        if least < costs[at]:
            costs[at], chosen[at] = least, best
        if ahead[at] + price < least:
            least, best = ahead[at] + price, at
    best = len(ahead) - 1
    least = ahead[best] + best + price
    for at in range(len(ahead) - 2, -1, -1):  # more
        if least - at < costs[at]:
            costs[at], chosen[at] = least - at, best
        if ahead[at] + at + price < least:
            least, best = ahead[at] + at + price, at
    return costs, chosen
