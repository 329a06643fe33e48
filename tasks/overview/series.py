"""What was measured of the services of a stack over a span of time, as the points of charts."""

from dataclasses import dataclass

from tasks.ledger import AggregatedMeasurement, Ledger

DAY = 86_400.0
FINE_DAYS = 7.0
"""Up to so many days are shown by five minutes, more by the hour: about two thousand points at most."""
MOST_DAYS = 366.0


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one service in order, as columns of one length. `at`: seconds since the epoch; None: not measured."""

    service: str
    step: float
    """Seconds between two points where none is missing."""
    at: tuple[float, ...]
    in_flight: tuple[float | None, ...]
    latency: tuple[float | None, ...]
    serving: tuple[float | None, ...]


def series_of(ledger: Ledger, stack: str, service: str, days: float, moment: float) -> Series:
    """The points of the last `days` days, of which there are at most a year's. Blocks."""
    since = moment - min(days, MOST_DAYS) * DAY
    if days <= FINE_DAYS:
        return _series(service, 300.0, ledger.measurements.means(stack, service, since, moment))
    return _series(service, 3600.0, ledger.measurements.hourly_means(stack, service, since, moment))


def _series(service: str, step: float, rows: tuple[AggregatedMeasurement, ...]) -> Series:
    def column(name: str) -> tuple[float | None, ...]:
        return tuple(_short(getattr(row, name)) for row in rows)

    return Series(
        service,
        step,
        tuple(row.at for row in rows),
        column("in_flight"),
        column("latency"),
        column("serving"),
    )


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
