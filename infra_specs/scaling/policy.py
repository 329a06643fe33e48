"""How a service is scaled: what people may choose, with defaults that need no choice."""

from dataclasses import dataclass
from typing import Literal

from infra_specs.scaling.schedule import Period, period
from infra_specs.stackfile.models.scaling import Scaling

OverBudget = Literal["hold", "shrink", "stop"]
Preference = Literal["cheap", "balanced", "quick"]


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds. None is a signal or a limit that is not wanted."""

    utilisation: float = 0.7
    """The part of a replica's capacity that steady demand uses."""
    prefer: Preference = "balanced"
    """Which way to err where demand varies: see `prices`."""
    window: float = 180.0
    """Stabilization: never below the highest recommendation of this time."""
    idle: float = 900.0
    """Without a request for this long before the last replica goes, where the minimum is 0."""
    requests_per_second: float | None = None
    """Requests a second that one replica serves well."""
    latency: float | None = None
    """The 95th percentile that the service shall keep."""
    cpu: float | None = None
    """The part of its processor that a replica serves well with: 0 to 1."""
    queue: float | None = None
    """Things of a queue that one replica works off well."""
    step: int | None = None
    """The most replicas that one decision adds or removes."""
    over_budget: OverBudget = "shrink"
    """How far to go when the month's money is gone: hold does not grow, shrink gives replicas back down to the minimum,
    stop then ends the service, until its minimum is paid for again."""
    schedule: tuple[Period, ...] = ()
    timezone: str = "UTC"


def policy_of(scaling: Scaling) -> Policy:
    """What a spec says of a service, as `decide` takes it."""
    return Policy(
        utilisation=scaling.utilisation,
        prefer=scaling.prefer,
        window=scaling.window,
        idle=scaling.idle,
        requests_per_second=scaling.requests_per_second,
        latency=scaling.latency,
        cpu=scaling.cpu,
        queue=scaling.queue,
        step=scaling.step,
        over_budget=scaling.over_budget,
        schedule=tuple(period(entry.at, entry.until, entry.min) for entry in scaling.schedule),
        timezone=scaling.timezone,
    )
