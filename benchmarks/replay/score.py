"""How a played policy is judged, beside Kubernetes' HPA.

lost: requests above the ready capacity of their step, in % of all. hot: those that arrive in a step whose utilisation
is above 0.9. warm: above 0.7. mean, p99: the response time over that of an idle replica, 1 / (1 - utilisation), as a
replica that shares itself among its requests answers (M/G/1 processor sharing); at most 20, and 20 for what is lost.
under: steps with fewer ready than ceil(rate / (0.7 x capacity)), in % of the time; longest: the longest time of it, in
s. cost: replica-hours, starting ones included, over those of an oracle with that many ready at every step. actions:
steps a day in which the count changed. even: the cost over that of the HPA which is as warm, its target set with
hindsight for this trace.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from functools import cache

from benchmarks.replay.peers import hpa
from benchmarks.replay.rules import STEP_SECONDS, STEPS_A_DAY, TARGET, Played, Trace, Wants, needed, play

HOT, SLOWEST = 0.9, 20.0
CHEAPER, BUSIER, PROMISED = 0.95, 1.2, 1 / (1 - TARGET)
"""Times HPA's cost and actions with which a trace is won, and the mean response that the wanted utilisation
promises."""
FLOORS = {"lost": 0.001, "hot": 0.1, "warm": 0.1, "under": 0.1, "longest": float(STEP_SECONDS), "actions": 1.0}
"""Below which a difference means nothing."""
TARGETS_APART = 0.05


@dataclass(frozen=True, slots=True)
class Score:
    lost: float
    hot: float
    warm: float
    mean: float
    p99: float
    under: float
    longest: float
    cost: float
    actions: float

    def floored(self, name: str) -> float:
        """A metric, raised to the value below which a difference means nothing."""
        return float(max(getattr(self, name), FLOORS.get(name, 0.0)))


def judged(policy: Wants, trace: Trace) -> Score:
    """The score of a policy on a trace."""
    return score(trace, play(policy, trace))


def score(trace: Trace, played: Played) -> Score:
    """The score of what was played on a trace."""
    capacity, steps, total = trace.capacity, len(trace.rates), sum(trace.rates) or 1.0
    lost = hot = warm = slow = 0.0
    oracle = under = lasts = longest = 0
    factors = list[tuple[float, float]]()
    for rate, ready in zip(trace.rates, played.ready, strict=True):
        used, enough = rate / (ready * capacity), needed(rate, capacity)
        oracle += enough
        lasts = lasts + 1 if ready < enough else 0
        if lasts:
            under, longest, warm = under + 1, max(longest, lasts), warm + rate
            hot += rate if used > HOT + 1e-9 else 0.0
            lost += max(0.0, rate - ready * capacity)
        factor = response_factor(used)
        slow += rate * factor
        factors.append((factor, rate))
    percent = 100 / total
    return Score(
        lost * percent, hot * percent, warm * percent, slow / total, _exceeded(factors, total / 100),
        100 * under / steps, float(longest * STEP_SECONDS), played.paid / oracle, played.actions * STEPS_A_DAY / steps,
    )  # fmt: skip


def response_factor(used: float) -> float:
    """The response time at a utilisation, over that of an idle replica."""
    return min(SLOWEST, 1 / (1 - used)) if used < 1 else SLOWEST


def _exceeded(factors: Iterable[tuple[float, float]], weight: float) -> float:
    """The factor that so much weight is above, of (factor, weight)."""
    for factor, part in sorted(factors, reverse=True):
        weight -= part
        if weight < 0:
            return factor
    return 1.0


@cache
def of_hpa(trace: Trace, steps: int = 0) -> Score:
    """HPA's score, its target so many steps of 0.05 from 0.7."""
    return judged(hpa(trace.capacity, TARGET + TARGETS_APART * steps), trace)


def even(trace: Trace, ours: Score) -> float:
    """The cost over that of the HPA with the same mean response time; between two targets by a straight line. NaN where
    no HPA has it."""
    way = 1 if ours.mean > of_hpa(trace).mean else -1
    far = of_hpa(trace)
    for step in range(1, 8):
        near, far = far, of_hpa(trace, way * step)
        if (far.mean >= ours.mean) == (way > 0) and far.mean != near.mean:
            part = (ours.mean - near.mean) / (far.mean - near.mean)
            return ours.cost / (near.cost + part * (far.cost - near.cost))
    return math.nan


def conditions(ours: Score, theirs: Score) -> dict[str, bool]:
    """Which conditions of a trace that is won hold, and the last, which makes it won cool."""
    return {
        "lost": ours.floored("lost") <= theirs.floored("lost") + 1e-9,
        "hot": ours.floored("hot") <= theirs.floored("hot") + 1e-9,
        "cost": ours.cost <= CHEAPER * theirs.cost,
        "actions": ours.floored("actions") <= BUSIER * theirs.floored("actions"),
        "mean": ours.mean <= max(theirs.mean, PROMISED) + 1e-9,
    }


def geometric_means(pairs: Sequence[tuple[Score, Score]], evens: Sequence[float]) -> dict[str, float]:
    """Of each metric ours over theirs, and of those of `evens` that are numbers."""
    ratios = {
        field.name: [ours.floored(field.name) / theirs.floored(field.name) for ours, theirs in pairs]
        for field in fields(Score)
    }
    ratios["even"] = [value for value in evens if not math.isnan(value)]
    return {name: _geometric_mean(values) for name, values in ratios.items()}


def _geometric_mean(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan
