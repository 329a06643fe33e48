"""A proxy's counters of one service at one moment, kept until the next check."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from infra_specs.scaling.data import known_fields
from tasks.providers.seam.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Reading:
    """Counters since the proxy's start, and requests in flight. `at`: when they were read (seconds since the epoch)."""

    at: float
    requests: int
    answered: int
    seconds: float
    running: float
    in_flight: int
    serving: int
    latencies: Mapping[float, int] = field(default_factory=dict)
    errors: int | None = None
    """None in what an older version kept."""

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
            traffic.errors,
        )

    def as_data(self) -> dict[str, Any]:
        """Plain JSON data, which knows no numbers as keys."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return values | {"latencies": list(self.latencies.items())}

    @staticmethod
    def from_data(data: Mapping[str, Any] | None) -> "Reading | None":
        """The saved reading; None for none, or for the format of another version."""
        try:
            saved = known_fields(Reading, data or {})
            return Reading(**saved | {"latencies": {float(bound): int(count) for bound, count in saved["latencies"]}})
        except (KeyError, TypeError, ValueError):
            return None
