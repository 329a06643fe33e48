"""How a service follows its users."""

from typing import Annotated, Literal

from pydantic import Field

from infra_specs.stackfile.models.metrics import Metrics
from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.time_zone import TimeZone
from infra_specs.stackfile.models.units import Duration, Share

_DAY = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_DAYS = f"{_DAY}(-{_DAY})?"
AT_PATTERN = rf"^({_DAYS}(,{_DAYS})* )?([01][0-9]|2[0-3]):[0-5][0-9]$"
UNTIL_PATTERN = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


class Period(Part):
    """Times at which the service has a higher minimum. Where several hold, the highest counts."""

    at: Annotated[str, Field(pattern=AT_PATTERN)]
    """When it begins: `Mon-Fri 08:00`, `Sat,Sun 10:00`, or `08:00` for every day."""
    until: Annotated[str, Field(pattern=UNTIL_PATTERN)] = "24:00"
    """The time of day at which it ends, by default midnight; one that is not after the beginning is on the next day."""
    min: int = Field(ge=1, le=10_000)
    """Never fewer replicas than this meanwhile."""


class Scaling(Part):
    """How the number of replicas follows the demand, between the bounds of `replicas`."""

    mode: Literal["act", "advise"] = "act"
    """`advise` decides and says what it would do, and changes nothing."""
    utilisation: Share = Field(default=0.7, ge=0.01, le=1)
    """The part of a replica's capacity that steady demand uses, as `70%` or 0.7: fewer are quicker and dearer."""
    prefer: Literal["cheap", "balanced", "quick"] = "balanced"
    """Where demand varies: `quick` keeps more replicas for it, `cheap` fewer."""
    window: Duration = Field(default=180, ge=0, le=3600)
    """More replicas come at once; they go when nothing in this time asked for them."""
    idle: Duration = Field(default=900, ge=0, le=86_400)
    """Time without a request after which the last replica goes, with `replicas: {min: 0}`."""
    requests_per_second: float | None = Field(default=None, ge=0.001, le=1_000_000)
    """Requests a second that one replica serves well, beside its `capacity` in flight; what asks for more counts."""
    latency: Duration | None = Field(default=None, ge=0.001, le=3600)
    """What 95 of 100 requests shall not exceed; while they do, up to twice the replicas that demand asks for."""
    cpu: float | None = Field(default=None, ge=0.01, le=1)
    """The part of its processor that a replica serves well with, where it is measured."""
    queue: float | None = Field(default=None, ge=0.001, le=1_000_000_000)
    """Things waiting in a queue that one replica is enough for, where it is measured."""
    metrics: Metrics | None = None
    """Queries to a Prometheus, whose answers go before what the stack's own proxy counts."""
    step: int | None = Field(default=None, ge=1, le=10_000)
    """The most replicas that come or go at once; as many as are needed unless given."""
    over_budget: Literal["hold", "shrink", "stop"] = "shrink"
    """When the month's budget is gone: `hold` adds none, `shrink` gives back down to the minimum, `stop` then ends the
    service until a new month or budget pays for its minimum."""
    schedule: list[Period] = []
    """Minimums by the time of the week: [{at: "Mon-Fri 08:00", until: "18:00", min: 6}]."""
    timezone: TimeZone = "UTC"
    """The time zone of the schedule, as Europe/Berlin."""
