"""The rules by which a policy is judged on a trace of requests.

One step is 15 s. A replica serves at most `capacity` requests/s. One that is asked for at step s serves from s + 2 on
(30 s). The capacity is such that the 99.95th percentile of the trace needs 50 replicas at 70 %. At every step the
policy sees what arrived in it and answers with a count; it never sees what comes.

lost: requests above the ready capacity of their step, in % of all (nothing queues). cost: replica-hours, starting ones
included, over those of an oracle that has ceil(rate / (0.7 x capacity)) ready at every step. actions: steps a day in
which the count changed.
"""

import gzip
import math
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

STEP_SECONDS, START_STEPS, TARGET, PEAK_REPLICAS, SEED, BUSIER = 15, 2, 0.7, 50, 20140423, 30
STEPS_A_DAY = 86_400 // STEP_SECONDS

Wants = Callable[[int, int, float], int]
"""(step, count wanted until now, requests/s of the step) -> count wanted from now on."""


@dataclass(frozen=True, slots=True)
class Trace:
    """Requests/s of each step, and how many one replica serves."""

    name: str
    rates: tuple[float, ...]
    capacity: float

    def part(self, name: str, steps: slice) -> "Trace":
        return Trace(f"{self.name}, {name}", self.rates[steps], self.capacity)


@dataclass(frozen=True, slots=True)
class Score:
    lost: float
    cost: float
    actions: float


def traces(folder: Path) -> Iterator[Trace]:
    """Every trace of a folder; counts of five minutes are refined to steps."""
    for path in sorted(folder.glob("*.csv*")):
        counts = _counts(path)
        stem = path.name.split(".csv")[0]
        name = stem.split("-requests")[0]
        yield trace(name, _refined(counts) if stem.endswith("-5-minutes") else counts)


def trace(name: str, counts: list[float]) -> Trace:
    """A trace of requests in each step, its replicas sized as the rules say."""
    peak = sorted(counts)[int(len(counts) * 0.9995)]
    return Trace(name, tuple(count / STEP_SECONDS for count in counts), peak / STEP_SECONDS / (PEAK_REPLICAS * TARGET))


def _counts(path: Path) -> list[float]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return [float(line.split(",")[-1]) for line in text.splitlines()[1:] if line]


def _refined(counts: list[float], parts: int = 20) -> list[float]:
    """Drawn linearly between the middles of the buckets, 30 times as busy, and then given Poisson arrivals with a fixed
    seed, so that nobody can extrapolate the drawn lines."""
    source = random.Random(SEED)
    following = [*counts[1:], counts[-1]]
    return [
        poisson(BUSIER * (now + (then - now) * part / parts) / parts, source)
        for now, then in zip(counts, following, strict=True)
        for part in range(parts)
    ]


def poisson(mean: float, source: random.Random) -> float:
    """Arrivals of a Poisson process, by Knuth's method; of many, as the normal curve has them."""
    if mean > 400:
        return max(0.0, round(source.gauss(mean, math.sqrt(mean))))
    limit, count, product = math.exp(-mean), 0, source.random()
    while product > limit:
        product *= source.random()
        count += 1
    return float(count)


def needed(rate: float, capacity: float) -> int:
    return max(1, math.ceil(rate / (TARGET * capacity) - 1e-9))


def play(policy: Wants, trace: Trace) -> Score:
    """A policy's score on a trace."""
    capacity = trace.capacity
    ready, starting = max(1, math.ceil(trace.rates[0] / (TARGET * capacity))), deque[list[int]]()
    lost, count_steps, actions = 0.0, 0, 0
    for step, rate in enumerate(trace.rates):
        while starting and starting[0][0] <= step:
            ready += starting.popleft()[1]
        lost += max(0.0, rate - ready * capacity)
        count = ready + sum(more for _, more in starting)
        count_steps += count
        wanted = max(1, policy(step, count, rate))
        actions += wanted != count
        if wanted > count:
            starting.append([step + START_STEPS, wanted - count])
        ready -= _dropped(starting, count - wanted)
    oracle = sum(needed(rate, capacity) for rate in trace.rates)
    days = len(trace.rates) / STEPS_A_DAY
    return Score(100 * lost / (sum(trace.rates) or 1), count_steps / oracle, actions / days)


def _dropped(starting: deque[list[int]], fewer: int) -> int:
    """Take away `fewer` replicas, those that start first; how many of the ready ones go."""
    while fewer > 0 and starting:
        taken = min(fewer, starting[-1][1])
        starting[-1][1] -= taken
        fewer -= taken
        if not starting[-1][1]:
            starting.pop()
    return max(0, fewer)
