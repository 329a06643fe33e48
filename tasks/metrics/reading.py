"""What a proxy said of one service at one moment, as it is kept until the next check."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from infra_specs.scaling.data import known
from tasks.providers.base import Traffic


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters since the proxy began, and what is under way. `at` is when they were read (seconds since the epoch)."""

    at: float
    requests: int
    answered: int
    seconds: float
    running: float
    in_flight: int
    serving: int
    latencies: Mapping[float, int] = field(default_factory=dict)

    @staticmethod
    def of(traffic: Traffic, at: float) -> "Reading":
        return Reading(
            at,
            traffic.requests,
            traffic.answered,
            traffic.seconds,
            traffic.running,
            traffic.in_flight,
            sum(replica.healthy for replica in traffic.replicas.values()),
            traffic.latencies,
        )

    def as_data(self) -> dict[str, Any]:
        """Plain JSON data, which knows no numbers as keys."""
        told = {field.name: getattr(self, field.name) for field in fields(self)}
        return told | {"latencies": list(self.latencies.items())}

    @staticmethod
    def from_data(data: Mapping[str, Any] | None) -> "Reading | None":
        """What was kept; None for nothing, or for what another version kept otherwise."""
        try:
            kept = known(Reading, data or {})
            return Reading(**kept | {"latencies": {float(bound): int(count) for bound, count in kept["latencies"]}})
        except (KeyError, TypeError, ValueError):
            return None
