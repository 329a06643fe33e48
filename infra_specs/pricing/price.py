"""The price of a stack, today and at its design capacity."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from infra_specs.catalogue.recipes import recipes
from infra_specs.errors import PlanError
from infra_specs.pricing.aws.bill import Bill, BillLine, bill, total_of
from infra_specs.pricing.aws.choose import choose_recipe
from infra_specs.pricing.book import Book, book_of, copy_size, size_of
from infra_specs.pricing.state import priced_state
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import COUNT, REPLICA, SERVICE, copies, desired_copies, holds_copies, service_of
from infra_specs.sizing.replicas import ServiceSize
from infra_specs.sizing.size import Sizing, size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Aws


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
    bill: tuple[BillLine, ...] = ()
    """Today's bill line by line, where a target has one."""
    cheaper: str = ""
    """What would cost less, for a price over the budget; or nothing. One sentence."""

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
    if isinstance(stack.target, Aws):
        return _price_on_aws(stack, sizing, desired)
    book = book_of(stack.target)
    lines = _lines(stack, desired, book)
    shown = tuple(line for line in lines if line.what != "route")
    return Price(shown, _total(lines), *_later_prices(stack, sizing, desired, book), stack.budget, book.source)


def replica_price(stack: Stack, service: str) -> float | None:
    """USD a month that one replica of a service costs on the stack's target; None is unknown."""
    if isinstance(stack.target, Aws):
        return _task_price(stack, service)
    kind = SERVICE if stack.target.counted else REPLICA
    return book_of(stack.target).price(kind, copy_size(stack.services[service]))


def rate(stack: Stack, sizing: Sizing, counts: Mapping[str, int]) -> float | None:
    """USD a month that the stack costs with these counts; None is unknown."""
    desired = priced_state(stack, sizing, counts)
    if isinstance(stack.target, Aws):
        return bill(stack, desired).total
    return _total(_lines(stack, desired, book_of(stack.target)))


def refuse_over_budget(stack: str, price: Price) -> None:
    """Raise PlanError when what is known of today's price is more than the budget."""
    if _is_over(price.today, price.budget):
        cheaper = f" {price.cheaper}" if price.cheaper else ""
        raise PlanError(
            f"{stack}: this costs {usd(price.today)} a month and the budget is {usd(price.budget)}. "
            f"Raise `budget`, lower the replicas, or give the services more `capacity`.{cheaper}"
        )


def _is_over(total: float | None, budget: float | None) -> bool:
    return total is not None and budget is not None and total > budget


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
        desired = priced_state(stack, sizing, dict.fromkeys(sizing.services, 1))
    others = _lines(stack, [resource for resource in desired if not holds_copies(resource.kind)], book)
    prices = {service: replica_price(stack, service) for service in sizing.services}

    def total(count_of: Callable[[ServiceSize], int]) -> float | None:
        copies = [PriceLine(name, count_of(size), prices[name]) for name, size in sizing.services.items()]
        return _total((*others, *copies))

    return total(lambda size: size.within(size.design)), total(lambda size: size.maximum)


def _price_on_aws(stack: Stack, sizing: Sizing, desired: tuple[Resource, ...]) -> Price:
    today = bill(stack, desired)

    def later(count_of: Callable[[ServiceSize], int]) -> float | None:
        counts = {name: count_of(size) for name, size in sizing.services.items()}
        return bill(stack, priced_state(stack, sizing, counts)).total

    return Price(
        _lines_by_kind(today),
        today.total,
        later(lambda size: size.within(size.design)),
        later(lambda size: size.maximum),
        stack.budget,
        today.source,
        today.lines,
        _cheaper_recipe(stack, sizing) if _is_over(today.total, stack.budget) else "",
    )


def _lines_by_kind(today: Bill) -> tuple[PriceLine, ...]:
    """A line for each address of a bill, so that it reads as the prices of other targets do."""
    addresses = dict.fromkeys(line.address for line in today.lines)
    return tuple(
        PriceLine(address, 1, total_of(line for line in today.lines if line.address == address))
        for address in addresses
    )


def _cheaper_recipe(stack: Stack, sizing: Sizing) -> str:
    """Of a stack over its budget: the best recipe that the budget pays, or the cheapest there is. One sentence."""
    totals, budget = choose_recipe(stack, sizing).totals, stack.budget
    known = {name: total for name, total in totals.items() if total is not None}
    if budget is None or not known:
        return ""
    fitting = [name for name, total in known.items() if total <= budget]
    if not fitting:
        least, total = min(known.items(), key=lambda item: item[1])
        return f"The least that it can cost here is {usd(total)}, with `recipe: {least}`."
    best = fitting[-1]
    given_up = "; ".join(recipes()[best].given_up_by(stack.needs))
    return f"`recipe: {best}` costs {usd(known[best])}. Given up with it: {given_up}."


def _task_price(stack: Stack, service: str) -> float | None:
    """USD a month of one task more; a service is measured once, however many tasks it has."""
    (resource,) = (
        item
        for item in priced_state(stack, size(stack), {})
        if service_of(item.address) == service and holds_copies(item.kind)
    )
    return bill(stack, [replace(resource, settings={**resource.settings, COUNT: 1, "serves": False})]).total


def _total(lines: Iterable[PriceLine]) -> float | None:
    """USD of all lines; None if one is unknown."""
    totals = [line.total for line in lines]
    return None if None in totals else float(sum(total for total in totals if total is not None))
