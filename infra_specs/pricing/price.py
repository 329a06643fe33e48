"""The price of a stack, today and at its design capacity."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from infra_specs.catalogue.desired import desired_state, generated_secrets
from infra_specs.errors import PlanError
from infra_specs.resources.resource import Resource
from infra_specs.sizing.size import Sizing
from infra_specs.stackfile.models.secrets import named_secrets
from infra_specs.stackfile.models.stack import Stack


@dataclass(frozen=True, slots=True)
class PriceLine:
    """Some equal things and what they cost together, in USD/month; None is unknown."""

    what: str
    count: int
    each: float | None

    @property
    def total(self) -> float | None:
        return None if self.each is None else self.each * self.count


@dataclass(frozen=True, slots=True)
class Price:
    """USD a month. Unknown is None and never 0."""

    lines: tuple[PriceLine, ...]
    today: float | None
    design: float | None
    """With every service at its design capacity (or at its maximum, if that is lower)."""
    budget: float | None
    source: str

    def __str__(self) -> str:
        text = f"{usd(self.today)} a month today, {usd(self.design)} at the design capacity"
        if self.budget is None:
            return text
        if self.today is None:
            return f"{text}; the budget of {usd(self.budget)} limits nothing while a price is unknown"
        return f"{text}, budget {usd(self.budget)}"


def price(stack: Stack, sizing: Sizing, desired: tuple[Resource, ...]) -> Price:
    """Price what is desired, by the price book and the target's own price per replica."""
    page = _book()[stack.target.provider]
    book = dict(page["prices"])
    if stack.target.price_per_replica is not None:
        book["replica"] = stack.target.price_per_replica
    counts: dict[str, int] = {}
    for resource in desired:
        counts[resource.kind] = counts.get(resource.kind, 0) + 1
    lines = tuple(PriceLine(kind, count, book.get(kind)) for kind, count in counts.items() if kind != "route")
    growth = {
        **counts,
        "replica": sum(max(size.minimum, min(size.design, size.maximum)) for size in sizing.services.values()),
    }
    return Price(lines, _total(counts, book), _total(growth, book), stack.budget, f"{page['source']} ({page['date']})")


def replica_price(stack: Stack) -> float | None:
    """USD a month that one replica costs on the stack's target; None is unknown."""
    own = stack.target.price_per_replica
    each = _book()[stack.target.provider]["prices"].get("replica") if own is None else own
    return None if each is None else float(each)


def rate(stack: Stack, sizing: Sizing, counts: Mapping[str, int]) -> float | None:
    """USD a month that the stack costs with these counts; None is unknown."""
    # No price depends on the value or the version of a secret.
    secrets = dict.fromkeys((*named_secrets(stack), *generated_secrets(stack)), 1)
    desired = desired_state(stack, sizing, counts=counts, secrets=secrets, source="/")
    return price(stack, sizing, desired).today


def refuse_over_budget(stack: str, price: Price) -> None:
    """Raise PlanError when what is known of today's price is more than the budget."""
    if price.budget is not None and price.today is not None and price.today > price.budget:
        raise PlanError(
            f"{stack}: this costs {usd(price.today)} a month and the budget is {usd(price.budget)}. "
            "Raise `budget`, lower the replicas, or give the services more `capacity`."
        )


def usd(amount: float | None) -> str:
    """`$12.50`, `$0`, or `unknown`."""
    if amount is None:
        return "unknown"
    return f"${amount:,.0f}" if amount == round(amount) else f"${amount:,.2f}"


def _total(counts: Mapping[str, int], book: Mapping[str, float]) -> float | None:
    if not counts.keys() <= book.keys():
        return None
    return float(sum(book[kind] * count for kind, count in counts.items()))


@cache
def _book() -> dict[str, Any]:
    text = resources.files("infra_specs.pricing").joinpath("book.yaml").read_text()
    return dict(yaml.safe_load(text))
