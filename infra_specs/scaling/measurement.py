"""What one service was seen to do in one window of time."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infra_specs.scaling.data import as_plain_data, known_fields

Status = Literal["fresh", "absent", "stale", "partial", "reset"]
"""fresh: seen whole. absent: nothing answered. stale: the newest value is older than the window. partial: some replicas
or proxies did not answer, so the values are lower bounds. reset: a counter began anew, so rates are lower bounds."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One service in the window of `seconds` that ends `at` (seconds since the epoch). None is not measured, never 0.

    Demand is what arrives, not what completes: `requests_per_second` counts requests when they come in, `in_flight` is
    the mean of the requests that are inside, those that queue included.
    """

    at: float
    seconds: float
    requests_per_second: float | None = None
    in_flight: float | None = None
    latency: float | None = None
    """Seconds, the 95th percentile of what completed."""
    serving: int | None = None
    """Replicas that took requests."""
    cpu: float | None = None
    """The mean of the serving replicas, as a part of what each may use: 0 to 1."""
    queue: float | None = None
    """Things that wait for this service elsewhere, as messages of a queue."""
    status: Status = "fresh"
    errors: float | None = None
    """Requests a second that ended with 500 and more, or without an answer."""

    def as_data(self) -> dict[str, Any]:
        return as_plain_data(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> "Measurement":
        return Measurement(**known_fields(Measurement, data))
