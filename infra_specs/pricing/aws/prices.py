"""The prices of AWS: what one unit of each key costs, by region, with where the number is from."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

import yaml

from infra_specs.stackfile.reading.yaml_nodes import FAST_LOADER

SOURCES = {"memory": "from memory", "list": "verified against AWS's price list"}
"""How a price is marked, and what that means."""


@dataclass(frozen=True, slots=True)
class UnitPrice:
    """USD of one unit. `source` is a key of SOURCES."""

    amount: Decimal
    unit: str
    source: str


@dataclass(frozen=True, slots=True)
class PriceList:
    """All prices of a day. Of a key or a region that is not in it the price is unknown, which is never 0."""

    date: str
    regions: tuple[str, ...]
    entries: Mapping[str, Mapping[str, Any]]

    def price(self, key: str, region: str) -> UnitPrice | None:
        """What one unit of this key costs in this region; None is unknown."""
        entry = self.entries.get(key, {})
        if region not in entry:
            return None
        return UnitPrice(Decimal(str(entry[region])), entry["unit"], entry["from"])


@cache
def price_list() -> PriceList:
    """The prices that this version knows."""
    text = resources.files("infra_specs.pricing.aws").joinpath("prices.yaml").read_text()
    table = yaml.load(text, FAST_LOADER)  # noqa: S506 - a safe one, in C
    return PriceList(str(table["date"]), tuple(table["regions"]), table["prices"])
