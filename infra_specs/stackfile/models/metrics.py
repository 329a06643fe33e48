"""Where a service's numbers come from, besides the proxy in front of it."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from infra_specs.stackfile.models.model import Part

Signal = Literal["requests_per_second", "in_flight", "latency", "cpu", "queue"]
SIGNALS: tuple[Signal, ...] = ("requests_per_second", "in_flight", "latency", "cpu", "queue")

URL_PATTERN = r"^https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?$"
Query = Annotated[str, Field(min_length=1, max_length=2000)]


class Metrics(Part):
    """Queries to a Prometheus, each for one number. In each, `$stack` and `$service` stand for the two names."""

    prometheus: Annotated[str, Field(pattern=URL_PATTERN, max_length=500)]
    """Its address, as `http://prometheus.internal:9090`, reachable from where Tenfold runs."""
    requests_per_second: Query | None = None
    """Requests that arrive a second."""
    in_flight: Query | None = None
    """Requests that are inside, those that queue included."""
    latency: Query | None = None
    """Seconds that 95 of 100 requests do not exceed."""
    cpu: Query | None = None
    """The part of what they may use that the replicas use, 0 to 1."""
    queue: Query | None = None
    """Things that wait for this service elsewhere, as messages of a queue."""

    @model_validator(mode="after")
    def _asks(self) -> "Metrics":
        if not self.queries:
            raise ValueError(f"give at least one query: {', '.join(SIGNALS)}")
        return self

    @property
    def queries(self) -> dict[Signal, str]:
        """Those that were given."""
        given = {name: getattr(self, name) for name in SIGNALS}
        return {name: query for name, query in given.items() if query is not None}
