"""The recipe of a stack on AWS: named, or chosen by the budget, with what is given up."""

from typing import Any

import pytest

from infra_specs.desired import StackSnapshot, desired_from_spec
from infra_specs.errors import PlanError
from infra_specs.pricing.aws.choose import choose_recipe, with_recipe
from infra_specs.pricing.price import refuse_over_budget
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from tests.infra_specs.pricing.aws.on_aws import on_aws
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure

NEEDS = {"database": "postgres", "cache": "valkey"}


def stack_with(budget: float | None, **target: Any) -> Stack:
    return on_aws(target=target, needs=NEEDS, budget=budget)


def totals() -> dict[str, float]:
    stack = stack_with(None)
    return {name: total for name, total in choose_recipe(stack, size(stack)).totals.items() if total is not None}


def test_the_recipes_cost_more_from_one_to_the_next() -> None:
    assert list(totals()) == ["cheap", "balanced", "resilient"]
    assert sorted(totals().values()) == list(totals().values())


@pytest.mark.parametrize(
    ("part", "recipe"), [("cheap", "cheap"), ("balanced", "balanced"), ("resilient", "resilient"), (None, "balanced")]
)
def test_the_most_complete_one_that_the_budget_pays(part: str | None, recipe: str) -> None:
    stack = stack_with(totals()[part] if part else None)
    assert choose_recipe(stack, size(stack)).name == recipe


def test_a_budget_between_two_recipes_is_the_cheaper_one_and_says_what_is_given_up() -> None:
    stack = stack_with((totals()["cheap"] + totals()["balanced"]) / 2)
    choice = choose_recipe(stack, size(stack))
    assert choice.name == "cheap"
    assert choice.next_one == "balanced"
    assert any("arm64" in sentence for sentence in choice.gives_up)
    assert any("NAT" in sentence for sentence in choice.gives_up)


def test_nothing_is_given_up_of_what_a_stack_does_not_need() -> None:
    stack = on_aws(target={"recipe": "balanced"})
    said = choose_recipe(stack, size(stack)).gives_up
    assert said
    assert not any(word in sentence for sentence in said for word in ("database", "cache"))


def test_below_a_hundred_dollars_tasks_are_in_public_networks() -> None:
    desired = desired_from_spec(StackSnapshot(stack_with(99.99), "/"))
    services = [resource for resource in desired.resources if resource.kind == "service"]
    assert [resource.settings["public_address"] for resource in services] == [True]


def test_twenty_dollars_are_refused_with_the_least_that_it_can_cost() -> None:
    desired = desired_from_spec(StackSnapshot(on_aws(budget=20), "/"))
    with pytest.raises(PlanError) as refused:
        refuse_over_budget("shop", desired.price)
    assert str(refused.value) == (
        "shop: this costs $40.45 a month and the budget is $20. Raise `budget`, lower the replicas, or give the "
        "services more `capacity`. The least that it can cost here is $40.45, with `recipe: cheap`."
    )


def test_a_recipe_of_the_file_beyond_the_budget_is_refused_with_the_one_that_fits() -> None:
    desired = desired_from_spec(StackSnapshot(stack_with(totals()["balanced"], recipe="resilient"), "/"))
    with pytest.raises(PlanError, match=r"`recipe: balanced` costs \$.*Given up with it: the database is in one zone"):
        refuse_over_budget("shop", desired.price)


def test_the_count_that_the_scaler_chose_does_not_change_the_recipe() -> None:
    stack = on_aws(services={"web": {"image": "a", "port": 80, "replicas": {"min": 1, "max": 50}}}, budget=120)
    one = desired_from_spec(StackSnapshot(stack, "/"))
    many = desired_from_spec(StackSnapshot(stack, "/", overrides={"web": 40}))
    assert one.stack.target == many.stack.target


def test_where_no_price_is_known_the_budget_chooses_nothing() -> None:
    stack = on_aws("ca-central-1", budget=1)
    choice = choose_recipe(stack, size(stack))
    assert (choice.name, choice.reason) == ("balanced", "as a price is unknown, so the budget says nothing")


def test_a_stack_elsewhere_has_none() -> None:
    stack = a_stack()
    assert with_recipe(stack) is stack
