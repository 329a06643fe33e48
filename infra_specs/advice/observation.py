"""Whether a stack has run for long enough to call one of its sizes idle, and what was seen of it so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from infra_specs.advice.growth import DAY, Advice, Peaks

WEEK_SECONDS = 7 * DAY
"""Demand has the rhythm of a week, so sizes are judged after one."""


@dataclass(frozen=True, slots=True)
class Observation:
    """What a stack has gone through since its sizes were chosen. Times are seconds since the epoch."""

    since: float
    now: float
    peaks: Peaks
    """By service, for each day (of UTC) the highest mean of five minutes of requests in flight."""
    expected: Mapping[str, float]
    """By service, the requests in flight at the peak that the file's users cause; 0 where it expects none."""

    @property
    def is_enough(self) -> bool:
        """A week, or one whole day on which a service was as busy as the file expects."""
        return self.now - self.since >= WEEK_SECONDS or any(map(self._had_busy_day, self.expected))

    def waits(self) -> Advice:
        """What was seen so far, and from when idle sizes are told."""
        date = datetime.fromtimestamp(self.since + WEEK_SECONDS, UTC)
        busiest = ", ".join(filter(None, map(self._busiest, self.expected))) or "no request yet"
        hours = max(0.0, self.now - self.since) / 3600
        return Advice(
            "sizes",
            f"sizes are judged from {date:%Y-%m-%d %H:%M} UTC on, a week after they were chosen, or after the first "
            f"day that is as busy as the file expects; seen so far: {hours:.1f} hours, {busiest}",
            None,
            waits=True,
        )

    def _had_busy_day(self, service: str) -> bool:
        # On the first day other sizes may have been in use, and the last one is not over.
        whole = (peak for day, peak in self._days(service) if day * DAY >= self.since and day < self.now // DAY)
        expected = self.expected[service]
        return expected > 0 and any(peak >= expected for peak in whole)

    def _busiest(self, service: str) -> str:
        days = self._days(service)
        if not days:
            return ""
        highest = max(peak for _, peak in days)
        return (
            f"{service} with {highest:.3g} of {self.expected[service]:.3g} expected requests in flight at its busiest"
        )

    def _days(self, service: str) -> list[tuple[float, float]]:
        return [(day, peak) for day, peak in self.peaks.get(service, ()) if day >= self.since // DAY]
