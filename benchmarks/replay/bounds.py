"""What bounds a policy on a trace.

clairvoyant: knows all that comes and has the same 30 s start. hindsight: knows nothing of what comes, but has counted
in advance, on this very trace, how often what arrives two steps after each level of demand; it may change its count at
every step for nothing, and has at each level the count that is exceeded in the same part of the steps. That is the best
that the level alone can give. A policy that does better has seen something beside the level, as when it varies more.
"""

import math
from collections.abc import Iterator
from itertools import pairwise

from benchmarks.replay.rules import START_STEPS, STEPS_A_DAY, Score, Trace, needed
from infra_specs.scaling.autoscaler_state import Forecasts
from infra_specs.scaling.forecast import forecast

LEVELS = 60
EXCEEDED = (0.04, 0.03, 0.02, 0.015, 0.012, 0.01, 0.008, 0.006, 0.005, 0.004, 0.003, 0.002, 0.001, 0.0005)
"""Parts of the steps."""


def clairvoyant(trace: Trace) -> float:
    """The cost of losing nothing above 70 % while starting replicas cost as much as ready ones."""
    counts = [needed(rate, trace.capacity) for rate in trace.rates]
    held = sum(max(counts[at : at + START_STEPS + 1]) for at in range(len(counts)))
    return held / sum(counts)


def hindsight(trace: Trace) -> Iterator[Score]:
    """One score for each part of the steps that may be exceeded, the cheapest first."""
    at_level = _later_by_level(trace)
    total, oracle = sum(trace.rates) / trace.capacity, sum(needed(rate, trace.capacity) for rate in trace.rates)
    days = len(trace.rates) / STEPS_A_DAY
    for part in EXCEEDED:
        lost, cost = 0.0, 0.0
        for later in at_level:
            count = max(1, math.ceil(later[min(len(later) - 1, int(len(later) * (1 - part)))] - 1e-9))
            lost += sum(value - count for value in later if value > count)
            cost += count * len(later)
        yield Score(100 * lost / total, cost / oracle, len(trace.rates) / days)


def at_loss(scores: list[Score], lost: float) -> float | None:
    """The cost at which a frontier loses so much, between its two nearest points."""
    for cheap, dear in pairwise(scores):
        if cheap.lost >= lost >= dear.lost and cheap.lost > dear.lost:
            part = (cheap.lost - lost) / (cheap.lost - dear.lost)
            return cheap.cost + part * (dear.cost - cheap.cost)
    return None


def _later_by_level(trace: Trace) -> list[list[float]]:
    """Full replicas' worth of what arrived two steps later, sorted, for each of `levels` equal parts of the steps."""
    known, pairs = Forecasts(), []
    values = [rate / trace.capacity for rate in trace.rates]
    for at, value in enumerate(values[:-START_STEPS]):
        predicted, known = forecast(known, "", value, float(at), interval=1.0, lead=float(START_STEPS))
        pairs.append((predicted.ahead, values[at + START_STEPS]))
    pairs.sort()
    size = math.ceil(len(pairs) / LEVELS)
    return [sorted(later for _, later in pairs[at : at + size]) for at in range(0, len(pairs), size)]
