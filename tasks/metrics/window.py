"""Two readings of a proxy become what was measured between them. Pure.

* absent: what it counted cannot be, or there is no reading at all.
* partial: there is none before it, or one too old to tell about now; only what is under way is known.
* stale: the proxy answers, but its own clock stands still: so do its counters.
* reset: its own clock fell, or its count of what was answered. What it counted since is all there is, spread over the
  window: a lower bound. A count of requests that fell by itself is no new beginning, and nobody arrived.

Requests in flight are their mean over the window by Little's law (J. D. C. Little, 1961): arrivals a second times the
mean time that those answered took, in the window or, if none was, since the proxy began. What has not been answered yet
is not in that mean: long requests, and those that queue. It is in the number under way at the end of the window, which
however is a sample and not a mean. So that number counts where it is more than chance explains: more than two standard
deviations, `2 * sqrt(mean)`, above.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from infra_specs.scaling.measurement import Measurement
from tasks.metrics.reading import Reading

MAX_WINDOW = 120.0
"""Seconds; a longer window describes the past."""
CLOCK_SECONDS = 10.0
"""Seconds within which the proxy's own clock must have moved; Envoy updates it every 5 s."""
DEFAULT_SECONDS = 0.2
"""Assumed seconds of a request while none was ever answered; the same default as in `Users`."""
MAX_RATE = 1e7
"""Requests a second, or in flight, of one service; higher values are rejected as impossible."""

WindowResult = tuple[Measurement, tuple[str, ...]]
"""The measurement, and problems of the source, a sentence each."""


def impossible(reading: Reading) -> str | None:
    """A sentence about the first impossible value; None if all are possible."""
    for name in ("requests", "answered", "seconds", "running", "in_flight"):
        value = getattr(reading, name)
        if not math.isfinite(value) or value < 0:
            return f"the proxy says {name.replace('_', ' ')} is {value:g}, which cannot be"
    if reading.in_flight > MAX_RATE:
        return f"the proxy says {reading.in_flight:.3g} requests are in flight, which cannot be"
    return None


def between(before: Reading | None, after: Reading) -> WindowResult:
    """The measurement of a service between two readings of its proxy; neither may be `impossible`."""
    window = after.at - before.at if before else 0.0
    if before is None or not 0 < window <= MAX_WINDOW:
        measurement = Measurement(
            after.at, 0.0, in_flight=float(after.in_flight), serving=after.serving, status="partial"
        )
        return measurement, ()
    if after.running == before.running and window > CLOCK_SECONDS:
        note = f"the proxy's own clock has stood still at {after.running:g} s for {window:.0f} s"
        return Measurement(after.at, window, serving=after.serving, status="stale"), (note,)
    fell = _fell(before, after)
    measured = _counted(_nothing(after) if fell else before, after, window)
    if measured.requests_per_second is not None and measured.requests_per_second > MAX_RATE:
        lie = f"the proxy counted {measured.requests_per_second:.3g} requests a second, which cannot be"
        return Measurement(after.at, window, serving=after.serving, status="absent"), (lie,)
    if fell:
        return replace(measured, status="reset"), (f"the proxy began to count anew: {fell} fell",)
    return measured, ()


def _counted(before: Reading, after: Reading, window: float) -> Measurement:
    rate = max(0, after.requests - before.requests) / window
    answered = after.answered - before.answered
    if answered:
        duration = max(0.0, after.seconds - before.seconds) / answered
    else:
        duration = after.seconds / after.answered if after.answered else DEFAULT_SECONDS
    mean = rate * duration
    latency = _quantile(0.95, _less(after.latencies, before.latencies), answered)
    return Measurement(after.at, window, rate, in_flight(mean, after.in_flight), latency, after.serving)


def in_flight(mean: float, under_way: int) -> float:
    """Requests in flight, from their mean by Little's law and the number at one moment."""
    return float(under_way) if under_way > mean + 2 * math.sqrt(mean) else mean


def _quantile(part: float, counts: Mapping[float, int], total: int) -> float | None:
    """On the straight line between the bounds around it, as Prometheus' histogram_quantile; at most the last bound."""
    if not counts or total <= 0:
        return None
    rank, low, below = part * total, 0.0, 0
    for bound, count in counts.items():
        if count >= rank:
            return low + (bound - low) * (rank - below) / (count - below) if count > below else bound
        low, below = bound, count
    return low


def _less(after: Mapping[float, int], before: Mapping[float, int]) -> dict[float, int]:
    return {bound: count - before.get(bound, 0) for bound, count in after.items()}


def _fell(before: Reading, after: Reading) -> str | None:
    """Which of the counters that only a new beginning lowers is lower than before."""
    if after.running < before.running:
        return "its own clock"
    return "its count of answered" if after.answered < before.answered else None


def _nothing(after: Reading) -> Reading:
    return Reading(after.at, 0, 0, 0.0, 0.0, 0, 0)
