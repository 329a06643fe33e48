"""The report of a stack: whether it moves. Users against the design, price, releases, the scaler, debts.

As data here, as Markdown in `report_text`. Times are seconds since the epoch, prices USD a month.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from infra_specs.advice.growth import WEEK_DAYS, Days, days_until
from infra_specs.overview.debts import DueDebt
from infra_specs.overview.dora import Dora
from infra_specs.overview.facts import PriceFacts, ServiceFacts, StackFacts


@dataclass(frozen=True, slots=True)
class Growth:
    """A service's demand in the last seven days against its design capacity, in requests in flight."""

    service: str
    busiest: float | None
    """The highest mean of five minutes; None: not measured."""
    expected: float
    """At the peak of the file's users."""
    design: float
    days_left: float | None
    """Until the demand reaches the design capacity, by its trend of five weeks; None: it does not rise, or is not known
    for two weeks. 0: it is there."""

    @property
    def part(self) -> float | None:
        """The part of the design capacity that the busiest time took."""
        return None if self.busiest is None or not self.design else self.busiest / self.design


@dataclass(frozen=True, slots=True)
class Scaling:
    """The scaler's decisions of a span of time. `advised`: those that a stack with mode `advise` did not act on."""

    more: int = 0
    fewer: int = 0
    advised: int = 0
    last: str = ""
    """The reason of the last one that changed a count."""


@dataclass(frozen=True, slots=True)
class CountDecision:
    """The part of a decision that is counted."""

    at: float
    before: int
    replicas: int
    acts: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The report of one stack for the span from `since` to `until`. `dora` is of a longer one, which it names."""

    stack: str
    target: str
    since: float
    until: float
    users: int
    headroom: float
    growth: tuple[Growth, ...]
    price: PriceFacts
    dora: Dora
    scaling: Scaling
    debts: tuple[DueDebt, ...]

    @property
    def designed_users(self) -> float:
        """Monthly users that the stack is designed for."""
        return self.users * self.headroom

    @property
    def users_as_measured(self) -> float | None:
        """Monthly users that would explain the busiest time, by the file's own figures; of the busiest service."""
        factors = [
            growth.busiest / growth.expected for growth in self.growth if growth.busiest is not None and growth.expected
        ]
        return max(factors) * self.users if factors else None

    @property
    def days_left(self) -> float | None:
        """Until the first service reaches its design capacity."""
        return min((growth.days_left for growth in self.growth if growth.days_left is not None), default=None)

    @property
    def price_per_user(self) -> float | None:
        """USD a month of one monthly user of the file."""
        return self.price.today / self.users if self.price.today is not None and self.users else None

    def data(self) -> dict[str, Any]:
        """Plain JSON data, with what is computed of it."""
        names = ("designed_users", "users_as_measured", "days_left", "price_per_user")
        return {
            **asdict(self),
            **{name: getattr(self, name) for name in names},
            "growth": [{**asdict(growth), "part": growth.part} for growth in self.growth],
            "debts": [due.data() for due in self.debts],
        }


def growth_of(service: ServiceFacts, days: Days, today: float) -> Growth:
    """`days`: the highest five-minute mean of each day. `today` is the day that is not over: it counts for the busiest
    time, and a trend is drawn without it."""
    recent = [in_flight for day, in_flight in days if day > today - WEEK_DAYS]
    trend = days_until([entry for entry in days if entry[0] < today], service.design) if service.design else None
    busiest = max(recent, default=None)
    reached = busiest is not None and service.design > 0 and busiest >= service.design
    return Growth(service.name, busiest, service.expected, service.design, 0.0 if reached else trend)


def scaling_of(decisions: Sequence[CountDecision], since: float, until: float) -> Scaling:
    """What the scaler did from `since` on and before `until`. `decisions` are the newest first."""
    changed = [
        decision for decision in decisions if since <= decision.at < until and decision.before != decision.replicas
    ]
    acted = [decision for decision in changed if decision.acts]
    return Scaling(
        more=sum(decision.replicas > decision.before for decision in acted),
        fewer=sum(decision.replicas < decision.before for decision in acted),
        advised=len(changed) - len(acted),
        last=changed[0].reason if changed else "",
    )


def report_of(
    stack: StackFacts,
    peaks: Mapping[str, Days],
    decisions: Sequence[CountDecision],
    dora: Dora,
    *,
    since: float,
    until: float,
) -> Report:
    """The report of a stack that can be read. `peaks`: by service, as for `growth_of`."""
    today = until // 86_400.0
    served = [service for service in stack.services if service.port is not None]
    return Report(
        stack=stack.name,
        target=stack.target,
        since=since,
        until=until,
        users=stack.users,
        headroom=stack.headroom,
        growth=tuple(growth_of(service, peaks.get(service.name, ()), today) for service in served),
        price=stack.price,
        dora=dora,
        scaling=scaling_of(decisions, since, until),
        debts=stack.debts,
    )
