"""The facts of stacks at this moment, as the ledger has them."""

from infra_specs.catalogue.desired import replica_count
from infra_specs.errors import TenfoldError
from infra_specs.overview.debts import register
from infra_specs.overview.facts import NeedFacts, PriceFacts, ServiceFacts, StackFacts
from infra_specs.pricing.month import Spent, month_of
from infra_specs.pricing.price import rate
from infra_specs.sizing.size import Sizing
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.base.clock import today
from tasks.ledger import Ledger, StackRecord

CHANGES_SHOWN = 12
"""Runs of each stack."""
SEEN_SECONDS = 3600.0
"""An older measurement says nothing of now."""


def stack_facts(ledger: Ledger, moment: float) -> tuple[StackFacts, ...]:
    """The facts of every stack that is known, by name. Blocks; raises LedgerError.

    A stack whose spec cannot be read has its fault, and hinders no other.
    """
    spent = ledger.costs.this_month()
    return tuple(facts_of(ledger, record, spent.get(record.name), moment) for record in ledger.stacks.all())


def facts_of(ledger: Ledger, record: StackRecord, spent: Spent | None, moment: float) -> StackFacts:
    """The facts of one stack."""
    changes, releases = ledger.outlines.changes(record.name, CHANGES_SHOWN), ledger.outlines.releases(record.name)
    try:
        scaled = ScaledStack.of(record, spent)
        services = tuple(_service(ledger, scaled, name, moment, wanted=record.wanted) for name in scaled.stack.services)
        price = _price(scaled, moment)
    except TenfoldError as error:
        return StackFacts(
            record.name,
            record.target,
            record.wanted,
            record.since,
            releases=releases,
            changes=changes,
            fault=str(error),
        )
    return StackFacts(
        name=record.name,
        target=record.target,
        wanted=record.wanted,
        since=record.since,
        users=scaled.stack.users.monthly,
        headroom=scaled.stack.headroom,
        services=services,
        needs=tuple(_needs(scaled.sizing)),
        price=price,
        releases=releases,
        changes=changes,
        debts=register(scaled.stack, today()),
    )


def _service(ledger: Ledger, scaled: ScaledStack, name: str, moment: float, *, wanted: bool) -> ServiceFacts:
    service, sizes, stack = scaled.stack.services[name], scaled.sizing.services[name], scaled.stack
    samples = ledger.measurements.samples(stack.name, name, moment - SEEN_SECONDS, moment) if wanted else ()
    last = next((sample for sample in reversed(samples) if sample.status != "absent"), None)
    decided = ledger.decisions.recent(stack.name, name, 1) if wanted else ()
    return ServiceFacts(
        name=name,
        port=service.port,
        wanted=replica_count(scaled.sizing, scaled.counts, name) if wanted else 0,
        today=sizes.today,
        most=sizes.maximum,
        expected=sizes.demand,
        design=sizes.demand * stack.headroom,
        latency_limit=service.scaling.latency,
        reason=decided[0].decision.reason if decided else "",
        seen=last.at if last else None,
        serving=last.serving if last else None,
        requests_per_second=last.requests_per_second if last else None,
        in_flight=last.in_flight if last else None,
        latency=last.latency if last else None,
    )


def _needs(sizing: Sizing) -> list[NeedFacts]:
    database, cache, queue = sizing.database, sizing.cache, sizing.queue
    needs = []
    if database:
        needs.append(NeedFacts("database", database.memory, database.storage, database.connections))
    if cache:
        needs.append(NeedFacts("cache", cache.memory))
    if queue:
        needs.append(NeedFacts("queue", queue.memory, queue.storage))
    return needs


def _price(scaled: ScaledStack, moment: float) -> PriceFacts:
    stack, sizing = scaled.stack, scaled.sizing
    design = {name: size.within(size.design) for name, size in sizing.services.items()}
    spent = scaled.spent_by(moment) if scaled.spent else None
    is_now = spent is not None and spent.month == month_of(moment)
    return PriceFacts(
        today=scaled.rate,
        design=rate(stack, sizing, design),
        budget=stack.budget,
        spent=spent.usd if spent and is_now else None,
    )
