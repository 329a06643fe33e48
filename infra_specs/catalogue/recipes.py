"""The recipes of a stack on AWS: how much is paid for safety, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

import yaml

from infra_specs.stackfile.models.aws import RecipeName
from infra_specs.stackfile.models.needs import Needs
from infra_specs.stackfile.models.target import Aws
from infra_specs.stackfile.reading.yaml_nodes import FAST_LOADER

ZONES = 2
"""Every stack on AWS spans so many zones: a balancer asks for two."""
DEFAULT_RECIPE: RecipeName = "balanced"


@dataclass(frozen=True, slots=True)
class GivenUp:
    """A sentence on what a recipe leaves out, and of which need; `all` is of every stack."""

    of: Literal["all", "database", "cache"]
    text: str


@dataclass(frozen=True, slots=True)
class Recipe:
    """One row of the table. `gives_up`: what the next one would add."""

    processor: Literal["arm64", "x86_64"]
    nat: Literal["none", "one", "each zone"]
    database_zones: int
    cache_nodes: int
    backup_days: int
    log_days: int
    gives_up: tuple[GivenUp, ...]

    def given_up_by(self, needs: Needs) -> tuple[str, ...]:
        """Sentences on what a stack with these needs would have by the next recipe."""
        return tuple(item.text for item in self.gives_up if item.of == "all" or getattr(needs, item.of) is not None)

    @property
    def nat_gateways(self) -> int:
        """How many gateways there are."""
        return {"none": 0, "one": 1, "each zone": ZONES}[self.nat]


@cache
def recipes() -> Mapping[RecipeName, Recipe]:
    """Every recipe, from the one that costs least on."""
    text = resources.files("infra_specs.catalogue").joinpath("recipes.yaml").read_text()
    table = yaml.load(text, FAST_LOADER)  # noqa: S506 - a safe one, in C
    return {
        name: Recipe(**{**row, "gives_up": tuple(GivenUp(**item) for item in row["gives_up"])})
        for name, row in table.items()
    }


def recipe_of(target: Aws) -> Recipe:
    """The recipe of a target; of one that names none, the default."""
    return recipes()[target.recipe or DEFAULT_RECIPE]
