"""The price of a stack, today and at its design capacity."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from infra_specs.catalogue.desired import desired_state, generated_secrets
from infra_specs.errors import PlanError
from infra_specs.pricing.book import Book, book_of, copy_size, size_of
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import REPLICA, SERVICE, copies, desired_copies, holds_copies
from infra_specs.sizing.replicas import ServiceSize
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
        if not self.count:
            return 0.0
        return None if self.each is None else self.each * self.count


@dataclass(frozen=True, slots=True)
class Price:
    """USD a month. Unknown is None and never 0."""

    lines: tuple[PriceLine, ...]
    today: float | None
    design: float | None
    """With every service at its design capacity (or at its maximum, if that is lower)."""
    most: float | None
    """With every service at its maximum."""
    budget: float | None
    source: str

    def __str__(self) -> str:
        text = f"{usd(self.today)} a month today, {usd(self.design)} at the design capacity"
        if self.most != self.design:
            text = f"{text}, {usd(self.most)} with all replicas that there may be"
        if self.budget is None:
            return text
        if self.today is None:
            return f"{text}; the budget of {usd(self.budget)} limits nothing while a price is unknown"
        return f"{text}, budget {usd(self.budget)}"


def price(stack: Stack, sizing: Sizing, desired: tuple[Resource, ...]) -> Price:
    """Price what is desired, by the price book and the target's own price per replica."""
    book = book_of(stack.target)
    lines = _lines(stack, desired, book)
    shown = tuple(line for line in lines if line.what != "route")
    return Price(shown, _total(lines), *_later_prices(stack, sizing, desired, book), stack.budget, book.source)


def replica_price(stack: Stack, service: str) -> float | None:
    """USD a month that one replica of a service costs on the stack's target; None is unknown."""
    kind = SERVICE if stack.target.counted else REPLICA
    return book_of(stack.target).price(kind, copy_size(stack.services[service]))


def rate(stack: Stack, sizing: Sizing, counts: Mapping[str, int]) -> float | None:
    """USD a month that the stack costs with these counts; None is unknown."""
    return _total(_lines(stack, _desired(stack, sizing, counts), book_of(stack.target)))


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


def _lines(stack: Stack, desired: Iterable[Resource], book: Book) -> tuple[PriceLine, ...]:
    """A line for each kind and price, in the order of the resources."""
    counts: dict[tuple[str, float | None], int] = {}
    for resource in desired:
        group = resource.kind, book.price(resource.kind, size_of(stack, resource))
        counts[group] = counts.get(group, 0) + copies(resource)
    return tuple(PriceLine(kind, count, unit_price) for (kind, unit_price), count in counts.items())


def _later_prices(
    stack: Stack, sizing: Sizing, desired: tuple[Resource, ...], book: Book
) -> tuple[float | None, float | None]:
    """The price with every service at its design count, and at its maximum: equal copies are priced once."""
    if sizing.services.keys() - desired_copies(desired).keys():  # none of it runs today
        desired = _desired(stack, sizing, dict.fromkeys(sizing.services, 1))
    others = _lines(stack, [resource for resource in desired if not holds_copies(resource.kind)], book)
    prices = {service: replica_price(stack, service) for service in sizing.services}

    def total(count_of: Callable[[ServiceSize], int]) -> float | None:
        copies = [PriceLine(name, count_of(size), prices[name]) for name, size in sizing.services.items()]
        return _total((*others, *copies))

    return total(lambda size: size.within(size.design)), total(lambda size: size.maximum)


def _desired(stack: Stack, sizing: Sizing, counts: Mapping[str, int]) -> tuple[Resource, ...]:
    # No price depends on the value or the version of a secret.
    secrets = dict.fromkeys((*named_secrets(stack), *generated_secrets(stack)), 1)
    return desired_state(stack, sizing, counts=counts, secrets=secrets, source="/")


def _total(lines: Iterable[PriceLine]) -> float | None:
    """USD of all lines; None if one is unknown."""
    totals = [line.total for line in lines]
    return None if None in totals else float(sum(total for total in totals if total is not None))
