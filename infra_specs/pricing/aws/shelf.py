"""What the data of a stack costs while it is on the shelf: a snapshot in place of a database."""

from collections.abc import Iterable
from decimal import Decimal

from infra_specs.pricing.aws.bill import BillLine, bill_line
from infra_specs.pricing.aws.prices import PriceList, price_list
from infra_specs.pricing.aws.quantities import Quantity
from infra_specs.resources.resource import Resource
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Aws


def shelf_price(stack: Stack, resources: Iterable[Resource], prices: PriceList | None = None) -> BillLine | None:
    """A month of its data on the shelf, if all of its storage were full; None for a stack without data."""
    target = stack.target
    assert isinstance(target, Aws)
    gigabytes = [Decimal(str(resource.settings["storage"])) for resource in resources if resource.kind == "database"]
    if not gigabytes:
        return None
    quantity = Quantity("database/main", "in a snapshot", sum(gigabytes, Decimal(0)), "db.snapshot")
    return bill_line(quantity, (prices or price_list()).price(quantity.key, target.region))
