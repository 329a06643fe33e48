"""The facts of stacks at this moment, as the ledger has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Self

from infra_specs.alerts.alert import Alert
from infra_specs.alerts.stack_look import StackLook
from infra_specs.errors import TenfoldError
from infra_specs.overview.debts import register
from infra_specs.overview.facts import NeedFacts, PriceFacts, ServiceFacts, StackFacts
from infra_specs.pricing.month import Spent, month_of, spend
from infra_specs.pricing.price import rate
from infra_specs.scaling.measurement import Measurement
from infra_specs.sizing.size import Sizing
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.clock import today
from tasks.ledger import Key, Ledger, StackRecord

CHANGES_SHOWN = 12
"""Runs of each stack."""
SEEN_SECONDS = 900.0
"""An older measurement says nothing of now."""
REMEMBERED = 256
"""Stacks whose prices are remembered: they change with the file and the counts alone, and cost most of a look."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is read of all stacks at once."""

    ledger: Ledger
    moment: float
    spent: Mapping[str, Spent]
    measured: Mapping[Key, Measurement]
    reasons: Mapping[Key, str]
    looks: Mapping[str, StackLook]
    alerts: Sequence[Alert]

    @classmethod
    def read(cls, ledger: Ledger, moment: float) -> Self:
        """Blocks; raises LedgerError."""
        measured = ledger.measurements.latest(moment, SEEN_SECONDS)
        spent, reasons, alerts = ledger.costs.this_month(), ledger.outlines.reasons(), ledger.alerts.listed()
        looks = {name: look for name, look in ledger.looks.all().items() if look.tells(moment)}
        return cls(ledger, moment, spent, measured, reasons, looks, alerts)


def stack_facts(ledger: Ledger, moment: float) -> tuple[StackFacts, ...]:
    """The facts of every stack that is known, by name. Blocks; raises LedgerError.

    A stack whose spec cannot be read has its fault, and hinders no other.
    """
    known = Known.read(ledger, moment)
    return tuple(facts_of(known, record) for record in ledger.stacks.all())


def facts_of(known: Known, record: StackRecord) -> StackFacts:
    """The facts of one stack."""
    outlines = known.ledger.outlines
    changes, releases = outlines.changes(record.name, CHANGES_SHOWN), outlines.releases(record.name)
    alerts = tuple(alert for alert in known.alerts if alert.stack == record.name)
    look = known.looks.get(record.name) if record.wanted else None
    try:
        scaled = ScaledStack.of(record, known.spent.get(record.name))
        services = tuple(_service(known, scaled, name, wanted=record.wanted) for name in scaled.stack.services)
        price = _price(scaled, known.moment)
    except TenfoldError as error:
        basis = StackFacts(record.name, record.target, record.wanted, record.since)
        return replace(basis, releases=releases, changes=changes, alerts=alerts, fault=str(error))
    return StackFacts(
        name=record.name,
        target=record.target,
        wanted=record.wanted,
        since=record.since,
        users=scaled.stack.users.monthly,
        headroom=scaled.stack.headroom,
        services=services,
        needs=tuple(_needs(scaled.sizing, look)),
        price=price,
        releases=releases,
        changes=changes,
        debts=register(scaled.stack, today()),
        alerts=alerts,
        machines=look.machines if look else {},
    )


def _service(known: Known, scaled: ScaledStack, name: str, *, wanted: bool) -> ServiceFacts:
    service, sizes, key = scaled.stack.services[name], scaled.sizing.services[name], (scaled.stack.name, name)
    last = known.measured.get(key) if wanted else None
    look = known.looks.get(scaled.stack.name) if wanted else None
    return ServiceFacts(
        name=name,
        port=service.port,
        wanted=scaled.counts[name] if wanted else 0,
        today=sizes.today,
        most=sizes.maximum,
        expected=sizes.demand,
        design=sizes.demand * scaled.stack.headroom,
        latency_limit=service.scaling.latency,
        seen=last.at if last else None,
        serving=last.serving if last else look.serving.get(name) if look and not look.fault else None,
        requests_per_second=last.requests_per_second if last else None,
        in_flight=last.in_flight if last else None,
        latency=last.latency if last else None,
        errors=last.errors if last else None,
        reason=known.reasons.get(key, "") if wanted else "",
    )


def _needs(sizing: Sizing, look: StackLook | None) -> list[NeedFacts]:
    database, cache, queue = sizing.database, sizing.cache, sizing.queue
    needs = []
    if database:
        used = look.connections[0] if look and look.connections else None
        needs.append(NeedFacts("database", database.memory, database.storage, database.connections, used))
    if cache:
        needs.append(NeedFacts("cache", cache.memory))
    if queue:
        used = look.queue[0] if look and look.queue else None
        needs.append(NeedFacts("queue", queue.memory, queue.storage, used=used))
    return needs


def _price(scaled: ScaledStack, moment: float) -> PriceFacts:
    spec, budget = scaled.stack.model_dump_json(), scaled.stack.budget
    today_rate, design_rate = _rates(_PricedStack(spec, tuple(sorted(scaled.counts.items())), scaled))
    spent = None
    if scaled.spent and today_rate is not None:
        at_once = spend(scaled.spent, moment, today_rate)
        spent = at_once.usd if at_once.month == month_of(moment) else None
    return PriceFacts(today_rate, design_rate, budget, spent)


@dataclass(frozen=True, slots=True)
class _PricedStack:
    """A stack with its counts; equal where its spec and counts are."""

    spec: str
    counts: tuple[tuple[str, int], ...]
    scaled: ScaledStack = field(compare=False, repr=False)


@lru_cache(REMEMBERED)
def _rates(priced: _PricedStack) -> tuple[float | None, float | None]:
    """USD a month, with the counts of now and at the design capacity."""
    stack, sizing = priced.scaled.stack, priced.scaled.sizing
    design = {name: size.within(size.design) for name, size in sizing.services.items()}
    return rate(stack, sizing, priced.scaled.counts), rate(stack, sizing, design)
