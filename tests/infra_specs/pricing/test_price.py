"""Prices: known, unknown (never 0), and the budget."""

from typing import Any

import pytest

from infra_specs.catalogue.desired import desired_state
from infra_specs.errors import PlanError
from infra_specs.pricing.price import Price, price, rate, refuse_over_budget, replica_price, usd
from infra_specs.sizing.size import size
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure

BUSY = {"monthly": 2_592_000, "sessions": 1, "requests": 15, "response_time": 1, "peak": 1}


def price_of(**written: Any) -> Price:
    stack = a_stack(users=BUSY, needs={"database": "postgres"}, **written)
    sizing = size(stack)
    return price(stack, sizing, desired_state(stack, sizing, counts={}, secrets={}, source="/"))


def test_a_price_per_replica_is_counted_today_and_at_the_design_capacity() -> None:
    cost = price_of(target={"provider": "memory", "price_per_replica": 7})
    assert (cost.today, cost.design) == (21, 154)


def test_what_may_come_beyond_the_design_is_priced_too() -> None:
    services = {"web": {"command": "run", "port": 80, "replicas": {"min": 1, "max": 40}}}
    cost = price_of(target={"provider": "memory", "price_per_replica": 7}, services=services)
    assert (cost.today, cost.design, cost.most) == (21, 154, 280)
    assert str(cost) == ("$21 a month today, $154 at the design capacity, $280 with all replicas that there may be")


def test_an_unknown_price_is_unknown_and_limits_nothing() -> None:
    cost = price_of(budget=1)
    assert (cost.today, cost.design) == (None, None)
    assert str(cost) == (
        "unknown a month today, unknown at the design capacity; "
        "the budget of $1 limits nothing while a price is unknown"
    )
    refuse_over_budget("shop", cost)


def test_this_machine_costs_nothing() -> None:
    cost = price_of(target={"provider": "local"}, budget=0)
    assert (cost.today, cost.design) == (0, 0)
    refuse_over_budget("shop", cost)


def test_over_budget_is_refused_with_what_to_do() -> None:
    cost = price_of(target={"provider": "memory", "price_per_replica": 7}, budget=20)
    with pytest.raises(PlanError) as refused:
        refuse_over_budget("shop", cost)
    assert str(refused.value) == (
        "shop: this costs $21 a month and the budget is $20. "
        "Raise `budget`, lower the replicas, or give the services more `capacity`."
    )


def test_the_book_says_where_from_and_when() -> None:
    assert price_of(target={"provider": "local"}).source.endswith("(2026-11-22)")


@pytest.mark.parametrize(("amount", "text"), [(None, "unknown"), (0, "$0"), (12.5, "$12.50"), (1234, "$1,234")])
def test_usd(amount: float | None, text: str) -> None:
    assert usd(amount) == text


def test_copies_of_a_counted_service_cost_what_replicas_do() -> None:
    counted = price_of(target={"provider": "memory", "price_per_replica": 7, "counted": True})
    slots = price_of(target={"provider": "memory", "price_per_replica": 7})
    assert (counted.today, counted.design) == (slots.today, slots.design) == (21, 154)
    assert [(line.what, line.count, line.each) for line in counted.lines if line.each] == [("service", 3, 7)]


@pytest.mark.parametrize("counted", [True, False])
def test_none_of_a_service_costs_nothing_today_and_something_when_it_grows(counted: bool) -> None:
    target = {"provider": "memory", "price_per_replica": 7, "counted": counted}
    stack = a_stack(target=target, services={"jobs": {"command": "work", "replicas": {"min": 0, "max": 4}}})
    cost = price(stack, size(stack), desired_state(stack, size(stack), counts={"jobs": 0}, secrets={}, source="/"))
    assert (cost.today, cost.design) == (0, 28)
    assert (rate(stack, size(stack), {"jobs": 0}), rate(stack, size(stack), {"jobs": 3})) == (0, 21)


@pytest.mark.parametrize("counted", [True, False])
def test_an_unknown_price_of_none_is_still_nothing(counted: bool) -> None:
    target = {"provider": "memory", "counted": counted}
    stack = a_stack(target=target, services={"jobs": {"command": "work", "replicas": {"min": 0, "max": 4}}})
    cost = price(stack, size(stack), desired_state(stack, size(stack), counts={"jobs": 0}, secrets={}, source="/"))
    assert (cost.today, cost.design) == (0, None)
    assert replica_price(stack, "jobs") is None
