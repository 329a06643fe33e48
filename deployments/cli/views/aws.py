"""What a plan on AWS says beside its resources: its recipe, how long it takes, and what AWS does otherwise."""

from collections.abc import Iterator

from infra_specs.catalogue.aws_differences import differences_of
from infra_specs.catalogue.durations import usual_seconds, whole_seconds
from infra_specs.desired import DesiredStack
from infra_specs.plan.plan import Plan
from infra_specs.pricing.aws.choose import RecipeChoice, choose_recipe
from infra_specs.pricing.aws.quantities import ASSUMPTIONS
from infra_specs.pricing.price import usd
from infra_specs.stackfile.models.stack import Stack

NOT_LOOKED_AT = (
    "AWS was not looked at, and no credentials were used: everything is shown as new. This version plans and prices a "
    "stack there, and builds nothing."
)


def aws_notes(written: Stack, desired: DesiredStack, plan: Plan) -> tuple[str, ...]:
    """Sentences on a stack on AWS. `written` is the stack as its file has it, which may name no recipe."""
    choice = choose_recipe(written, desired.sizing)
    return (
        NOT_LOOKED_AT,
        *_recipes(choice),
        f"assumed for the price: {ASSUMPTIONS}",
        *_durations(plan),
        *(f"on AWS, {sentence}" for sentence in differences_of(desired.stack)),
    )


def _recipes(choice: RecipeChoice) -> Iterator[str]:
    prices = ", ".join(f"{name} {usd(total)}" for name, total in choice.totals.items())
    yield f"recipe: {choice.name}, {choice.reason}; a month costs {prices}"
    for sentence in choice.gives_up:
        yield f"given up with {choice.name}: {sentence}"


def _durations(plan: Plan) -> Iterator[str]:
    waves = [[change.resource for change in wave if change.resource is not None] for wave in plan.waves]
    longest: dict[str, int] = {}
    for resource in (resource for wave in waves for resource in wave):
        seconds = usual_seconds(resource) or 0
        longest[resource.kind] = max(seconds, longest.get(resource.kind, 0))
    parts = ", ".join(f"{kind} {_minutes(seconds)}" for kind, seconds in longest.items() if seconds >= 30)
    yield f"it takes about {_minutes(whole_seconds(waves))} in all, from memory and not measured on AWS: {parts}"


def _minutes(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
