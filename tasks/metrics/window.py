"""Two readings of a proxy become what it saw between them, and that of several proxies one measurement. Pure.

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
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from infra_specs.scaling.measurement import Measurement, Status
from tasks.metrics.reading import Reading

MAX_WINDOW = 120.0
"""A window longer than this tells of the past and not of now."""
CLOCK_SECONDS = 10.0
"""Within so long the proxy's own clock must have moved; Envoy's does every 5 s."""
DEFAULT_SECONDS = 0.2
"""What a request is taken to need while none was ever answered, as of a service without a replica: as in `Users`."""
MAX_RATE = 1e7
"""Requests a second, or in flight, of one service: who says more is wrong."""


@dataclass(frozen=True, slots=True)
class Window:
    """What one proxy saw of a service in the window of `seconds` that ends `at`. None is not known."""

    at: float
    seconds: float
    status: Status
    serving: int
    arrived: float | None = None
    """Requests a second."""
    mean: float | None = None
    """Requests in flight, by Little's law."""
    under_way: int | None = None
    """Requests in flight at the end of the window."""
    answered: int = 0
    latencies: Mapping[float, int] = field(default_factory=dict)
    """Seconds -> how many of the answered took at most so long."""
    errors: float | None = None
    """Failed requests a second."""


WindowResult = tuple[Window, tuple[str, ...]]
"""What was seen, and what was wrong with the source, a sentence each."""


def impossible(reading: Reading) -> str | None:
    """A sentence about the first impossible value; None if all are possible."""
    for name in ("requests", "answered", "seconds", "running", "in_flight", "errors"):
        value = getattr(reading, name)
        if value is None:
            continue
        if not math.isfinite(value) or value < 0:
            return f"the proxy says {name.replace('_', ' ')} is {value:g}, which cannot be"
    if reading.in_flight > MAX_RATE:
        return f"the proxy says {reading.in_flight:.3g} requests are in flight, which cannot be"
    return None


def between(before: Reading | None, after: Reading) -> WindowResult:
    """The measurement of a service between two readings of its proxy; neither may be `impossible`."""
    seconds = after.at - before.at if before else 0.0
    if before is None or not 0 < seconds <= MAX_WINDOW:
        return Window(after.at, 0.0, "partial", after.serving, under_way=after.in_flight), ()
    if after.running == before.running and seconds > CLOCK_SECONDS:
        frozen = f"the proxy's own clock has stood still at {after.running:g} s for {seconds:.0f} s"
        return Window(after.at, seconds, "stale", after.serving), (frozen,)
    fell = _fell(before, after)
    window = _counted(_nothing(after) if fell else before, after, seconds)
    if window.arrived is not None and window.arrived > MAX_RATE:
        lie = f"the proxy counted {window.arrived:.3g} requests a second, which cannot be"
        return Window(after.at, seconds, "absent", after.serving), (lie,)
    if fell:
        return replace(window, status="reset"), (f"the proxy began to count anew: {fell} fell",)
    return window, ()


def added(windows: Sequence[Window], missing: int = 0) -> Measurement:
    """What all proxies of a service saw together, at least one; so many more did not answer.

    Counts are added before anything is made of them, so that requests tell the same whoever counts them. What a proxy
    does not say makes all of it a lower bound, which is `partial`.
    """
    usable = [window for window in windows if window.under_way is not None]
    counted = [window for window in usable if window.arrived is not None]
    measured = Measurement(
        max(window.at for window in windows),
        max((window.seconds for window in counted or windows), default=0.0),
        serving=max(window.serving for window in windows),
        status=_status({window.status for window in windows}, missing),
    )
    if not usable:
        return measured
    mean = sum(window.mean or 0.0 for window in counted)
    measured = replace(measured, in_flight=in_flight(mean, sum(window.under_way or 0 for window in usable)))
    if not counted:
        return measured
    answered, latencies = sum(window.answered for window in counted), Counter[float]()
    for window in counted:
        latencies.update(window.latencies)
    latency = _quantile(0.95, dict(sorted(latencies.items())), answered)
    failed = [window.errors for window in counted if window.errors is not None]
    return replace(
        measured,
        requests_per_second=sum(window.arrived or 0.0 for window in counted),
        latency=latency,
        errors=sum(failed) if len(failed) == len(counted) else None,
    )


def _status(seen: Collection[Status], missing: int) -> Status:
    if not {"fresh", "partial", "reset"}.intersection(seen):
        return "stale" if "stale" in seen else "absent"
    if missing or {"partial", "stale", "absent"}.intersection(seen):
        return "partial"
    return "reset" if "reset" in seen else "fresh"


def _counted(before: Reading, after: Reading, seconds: float) -> Window:
    arrived = max(0, after.requests - before.requests) / seconds
    answered = after.answered - before.answered
    if answered:
        took = max(0.0, after.seconds - before.seconds) / answered
    else:
        took = after.seconds / after.answered if after.answered else DEFAULT_SECONDS
    return Window(
        after.at,
        seconds,
        "fresh",
        after.serving,
        arrived,
        arrived * took,
        after.in_flight,
        answered,
        _less(after.latencies, before.latencies),
        _errors(before, after, seconds),
    )


def _errors(before: Reading, after: Reading, seconds: float) -> float | None:
    if before.errors is None or after.errors is None:
        return None
    return max(0, after.errors - before.errors) / seconds


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
    return Reading(after.at, 0, 0, 0.0, 0.0, 0, 0, errors=0)
