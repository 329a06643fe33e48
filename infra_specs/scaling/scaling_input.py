"""Everything that one decision is made from, besides the policy and its memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infra_specs.scaling.data import as_plain_data, known_fields
from infra_specs.scaling.measurement import Measurement

Mode = Literal["act", "advise"]


@dataclass(frozen=True, slots=True)
class PastDemand:
    """The demand of an earlier day at this time of day, from the ledger's history, in what `Measured` has most of:
    requests in flight, else requests per second."""

    days: int
    """How many days ago: 1 is yesterday, 7 the same day of the last week."""
    now: float
    """The mean of the minutes around this time of day."""
    ahead: float
    """The highest mean of as many minutes over the time that a new replica would need from now on."""


@dataclass(frozen=True, slots=True)
class ScalingInput:
    """One service at one check. `now` in seconds since the epoch; prices in USD a month; None is unknown."""

    service: str
    now: float
    measured: Measurement
    wanted: int
    """Replicas wanted until now, by the last decision or the spec."""
    serving: int
    starting: int
    minimum: int = 1
    maximum: int = 10
    """By the spec; the design capacity where the spec names no maximum."""
    design: int | None = None
    """The replicas of the design capacity."""
    capacity: float = 10.0
    """Requests in flight that one replica serves well."""
    capacity_per_second: float | None = None
    """Requests a second that one replica serves well, when learned; the spec's own goes before it."""
    start_seconds: float = 15.0
    """What a replica needs to serve, from the decision on: measured."""
    interval: float = 15.0
    """Seconds between two checks."""
    rhythm: tuple[PastDemand, ...] = ()
    price: float | None = None
    """Of one replica."""
    budget_left: float | None = None
    """USD of this month's budget that nothing has claimed: what was spent and what all present counts will cost until
    the end of the month are taken off. Below zero the stack is over its budget. None: no budget, or no known price."""
    month_left: float = 2_592_000.0
    """Seconds until the budget begins anew."""
    largest: bool = False
    """That it is this service's turn to give back: of those that may, it spends most above its minimum, or with all of
    them there it may be stopped."""
    room: int | None = None
    """The most replicas of this service that the target can hold, those there included."""
    room_because: str = ""
    """What that comes of, in half a sentence."""
    room_per_host: int = 0
    """The replicas that one more host would have room for; 0 where no host can be added."""
    mode: Mode = "act"

    def as_data(self) -> dict[str, Any]:
        return as_plain_data(self)

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> "ScalingInput":
        values = known_fields(ScalingInput, data)
        values["measured"] = Measurement.from_data(values["measured"])
        values["rhythm"] = tuple(PastDemand(**known_fields(PastDemand, day)) for day in values.get("rhythm", ()))
        return ScalingInput(**values)
