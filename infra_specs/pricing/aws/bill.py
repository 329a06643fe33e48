"""A month's bill of a stack on AWS: each line is a quantity, a price and the amount, with where the price is from."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from infra_specs.pricing.aws.prices import SOURCES, PriceList, UnitPrice, price_list
from infra_specs.pricing.aws.quantities import Quantity, quantities
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Aws

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class BillLine:
    """One line. `amount` is in USD, rounded to the cent; None, as `unit_price`, is unknown."""

    address: str
    what: str
    quantity: float
    unit: str
    key: str
    unit_price: float | None
    amount: float | None
    source: str


@dataclass(frozen=True, slots=True)
class Bill:
    """All lines of a month."""

    lines: tuple[BillLine, ...]
    source: str

    @property
    def total(self) -> float | None:
        """USD of all lines; None if one is unknown."""
        return total_of(self.lines)


def bill(stack: Stack, resources: Iterable[Resource], prices: PriceList | None = None) -> Bill:
    """The bill of these resources of a stack, at the prices that this version knows unless others are given."""
    book, target = prices or price_list(), stack.target
    assert isinstance(target, Aws)

    def price(key: str) -> UnitPrice | None:
        if key == "target.price_per_replica" and target.price_per_replica is not None:
            return UnitPrice(Decimal(str(target.price_per_replica)), "task", "the stack's file")
        return book.price(key, target.region)

    lines = tuple(bill_line(quantity, price(quantity.key)) for quantity in quantities(stack, resources))
    known = target.region in book.regions
    where = target.region if known else f"{target.region}, of which this version knows no prices"
    return Bill(lines, f"AWS in {where} ({book.date}), line by line; without taxes and free tiers")


def total_of(lines: Iterable[BillLine]) -> float | None:
    """USD of some lines; None if one is unknown."""
    total = Decimal(0)
    for line in lines:
        if line.amount is None:
            return None
        total += Decimal(str(line.amount))
    return float(total)


def bill_line(quantity: Quantity, price: UnitPrice | None) -> BillLine:
    """A quantity at its price; by None the price is unknown."""
    if price is None:
        return BillLine(
            quantity.address, quantity.what, float(quantity.amount), "", quantity.key, None, None, "no price is known"
        )
    amount = (quantity.amount * price.amount).quantize(CENT, ROUND_HALF_UP)
    return BillLine(
        quantity.address, quantity.what, float(quantity.amount), price.unit, quantity.key, float(price.amount),
        float(amount), SOURCES.get(price.source, price.source),
    )  # fmt: skip
