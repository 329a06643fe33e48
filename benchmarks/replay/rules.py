"""The rules by which a policy is played on a trace of requests; `score` says how it is judged.

One step is 15 s. A replica serves at most `capacity` requests/s. One that is asked for at step s serves from s + 2 on
(30 s); one given back stops at once. The capacity is such that the 99.95th percentile of the trace needs 50 replicas at
70 %. At every step the policy sees what arrived in it and answers with a count; it never sees what comes. What is above
the ready capacity of a step is lost: nothing queues.
"""

import gzip
import math
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

STEP_SECONDS, START_STEPS, TARGET, PEAK_REPLICAS, SEED = 15, 2, 0.7, 50, 20140423
STEPS_A_DAY = 86_400 // STEP_SECONDS
FORMS = {"15s": (1, 1), "minute": (4, 1), "5-minutes": (20, 30)}
"""By the end of a file's name: steps in one of its buckets, and how many times as busy it is made."""

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
class Played:
    """Ready replicas of each step, replica-steps paid for, and steps in which the count changed."""

    ready: tuple[int, ...]
    paid: int
    actions: int


def traces(folder: Path) -> Iterator[Trace]:
    """Every trace of a folder, in the order of the names."""
    for path in sorted(folder.glob("*.csv*")):
        yield read(path)


def read(path: Path) -> Trace:
    """The trace in a file, whose longer buckets are refined to steps. Raises ValueError for a name of no known form."""
    name, _, form = path.name.split(".csv")[0].rpartition("-per-")
    if form not in FORMS:
        raise ValueError(f"{path.name}: the name must end in one of {', '.join('-per-' + form for form in FORMS)}.")
    parts, busier = FORMS[form]
    counts = _counts(path)
    return trace(name.removesuffix("-requests"), _refined(counts, parts, busier) if parts > 1 else counts)


def trace(name: str, counts: list[float]) -> Trace:
    """A trace of requests in each step, its replicas sized as the rules say."""
    peak = sorted(counts)[int(len(counts) * 0.9995)]
    return Trace(name, tuple(count / STEP_SECONDS for count in counts), peak / STEP_SECONDS / (PEAK_REPLICAS * TARGET))


def _counts(path: Path) -> list[float]:
    text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
    return [float(line.split(",")[-1]) for line in text.splitlines()[1:] if line.strip()]


def _refined(counts: list[float], parts: int, busier: int) -> list[float]:
    """Drawn linearly between the middles of the buckets, made busier, and then given Poisson arrivals with a fixed
    seed, so that nobody can extrapolate the drawn lines."""
    source = random.Random(SEED)
    following = [*counts[1:], counts[-1]]
    return [
        poisson(busier * (now + (then - now) * part / parts) / parts, source)
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


def first_count(rate: float, capacity: float) -> int:
    """The replicas that are ready when a trace begins."""
    return max(1, math.ceil(rate / (TARGET * capacity)))


def play(policy: Wants, trace: Trace) -> Played:
    """What comes of a policy on a trace."""
    ready = count = first_count(trace.rates[0], trace.capacity)
    starting = deque[list[int]]()
    all_ready, paid, actions = list[int](), 0, 0
    for step, rate in enumerate(trace.rates):
        while starting and starting[0][0] <= step:
            ready += starting.popleft()[1]
        all_ready.append(ready)
        paid += count
        wanted = max(1, int(policy(step, count, rate)))
        actions += wanted != count
        if wanted > count:
            starting.append([step + START_STEPS, wanted - count])
        ready -= _dropped(starting, count - wanted)
        count = wanted
    return Played(tuple(all_ready), paid, actions)


def _dropped(starting: deque[list[int]], fewer: int) -> int:
    """Take away `fewer` replicas, first those that start last; how many of the ready ones go."""
    while fewer > 0 and starting:
        taken = min(fewer, starting[-1][1])
        starting[-1][1] -= taken
        fewer -= taken
        if not starting[-1][1]:
            starting.pop()
    return max(0, fewer)
