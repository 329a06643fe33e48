"""Demand that nobody tuned anything to, with fixed seeds: what a policy does where no trace was at hand."""

import math
import random
from collections.abc import Callable, Iterator

from benchmarks.replay.rules import STEPS_A_DAY, Trace, poisson, trace

DAYS = 14
Shape = Callable[[int], float]
"""The mean number of requests of a step."""


def invented() -> Iterator[Trace]:
    """Two weeks of each."""
    yield trace("week", _arrivals(_week, 1))
    yield trace("spikes", _arrivals(_spikes(2), 2))
    yield trace("batches", _arrivals(_batches, 3))
    yield trace("few", _arrivals(lambda _: 4.0, 4))
    yield trace("many", _arrivals(lambda at: 30 * _week(at), 5))


def _arrivals(mean_of: Shape, seed: int) -> list[float]:
    source = random.Random(seed)
    return [poisson(mean_of(at), source) for at in range(DAYS * STEPS_A_DAY)]


def _week(at: int) -> float:
    """A bell by day, a third of it at the weekend."""
    day, time = divmod(at, STEPS_A_DAY)
    bell = 40 + 360 * math.exp(-(((time / STEPS_A_DAY - 0.58) / 0.16) ** 2))
    return bell if day % 7 < 5 else bell / 3


def _spikes(seed: int) -> Shape:
    """A calm level, and some eight times a day ten times as much within one to four minutes, gone in a quarter hour."""
    source = random.Random(seed)
    starts = sorted(source.randrange(DAYS * STEPS_A_DAY) for _ in range(8 * DAYS))
    rises = [source.randint(4, 16) for _ in starts]
    means = [60.0] * (DAYS * STEPS_A_DAY)
    for start, rise in zip(starts, rises, strict=True):
        for at in range(start, min(start + 240, len(means))):
            part = (at - start) / rise if at - start < rise else math.exp(-(at - start - rise) / 30)
            means[at] += 540 * part
    return means.__getitem__


def _batches(at: int) -> float:
    """Forty minutes of work in every two hours, and nearly nothing between."""
    return 300.0 if at % 480 < 160 else 6.0
