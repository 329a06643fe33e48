"""Which recipe a stack on AWS is built by: the one it names, or the most complete one that its budget pays."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra_specs.catalogue.recipes import DEFAULT_RECIPE, recipes
from infra_specs.pricing.aws.bill import bill
from infra_specs.pricing.state import priced_state
from infra_specs.sizing.size import Sizing, size
from infra_specs.stackfile.models.aws import RECIPE_NAMES, RecipeName
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Aws


@dataclass(frozen=True, slots=True)
class RecipeChoice:
    """The recipe, what every recipe would cost a month in USD (None is unknown), why it is this one, and what is given
    up against the next."""

    name: RecipeName
    totals: Mapping[RecipeName, float | None]
    reason: str
    gives_up: tuple[str, ...]

    @property
    def next_one(self) -> RecipeName | None:
        """The recipe that costs more, if there is one."""
        later = RECIPE_NAMES[RECIPE_NAMES.index(self.name) + 1 :]
        return later[0] if later else None


def with_recipe(stack: Stack) -> Stack:
    """The same stack with its recipe written down; of a stack elsewhere, the stack itself."""
    if not isinstance(stack.target, Aws) or stack.target.recipe is not None:
        return stack
    return _by(stack, choose_recipe(stack, size(stack)).name)


def choose_recipe(stack: Stack, sizing: Sizing) -> RecipeChoice:
    """The recipe of a stack on AWS. Its price is that of today's users, whatever the scaler asked for since.

    So a stack that grows is not built otherwise by the way.
    """
    target = stack.target
    assert isinstance(target, Aws)
    totals = {name: _total(stack, sizing, name) for name in RECIPE_NAMES}
    name, reason = _chosen(target.recipe, stack.budget, totals)
    return RecipeChoice(name, totals, reason, recipes()[name].given_up_by(stack.needs))


def _chosen(
    written: RecipeName | None, budget: float | None, totals: Mapping[RecipeName, float | None]
) -> tuple[RecipeName, str]:
    if written is not None:
        return written, "as the file says"
    if budget is None:
        return DEFAULT_RECIPE, "as the file names neither a recipe nor a budget"
    if None in totals.values():
        return DEFAULT_RECIPE, "as a price is unknown, so the budget says nothing"
    paid = [name for name, total in totals.items() if total is not None and total <= budget]
    if not paid:
        return RECIPE_NAMES[0], "as the budget pays none, and this one costs least"
    return paid[-1], "as the most complete one that the budget pays"


def _total(stack: Stack, sizing: Sizing, name: RecipeName) -> float | None:
    built = _by(stack, name)
    return bill(built, priced_state(built, sizing, {})).total


def _by(stack: Stack, name: RecipeName) -> Stack:
    return stack.model_copy(update={"target": stack.target.model_copy(update={"recipe": name})})
