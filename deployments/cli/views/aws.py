"""What a plan on AWS says beside its resources: its recipe, how long it takes, and what AWS does otherwise."""

from collections.abc import Iterator

from infra_specs.catalogue.aws_differences import differences_of
from infra_specs.catalogue.durations import usual_seconds, whole_seconds
from infra_specs.desired import DesiredStack
from infra_specs.plan.plan import Plan
from infra_specs.pricing.aws.choose import RecipeChoice, choose_recipe
from infra_specs.pricing.aws.quantities import ASSUMPTIONS
from infra_specs.pricing.aws.shelf import shelf_price
from infra_specs.pricing.price import usd
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.target import Aws

NOT_LOOKED_AT = "AWS was not looked at, for there are no credentials: everything is shown as new."
NOT_PROVEN = "what Tenfold does on AWS was tried on a stand-in for AWS only, and never on AWS itself"


def aws_notes(written: Stack, desired: DesiredStack, plan: Plan) -> tuple[str, ...]:
    """Sentences on a stack on AWS; nothing of others. `written` is it as its file has it, which may name no recipe."""
    if not isinstance(written.target, Aws):
        return ()
    choice = choose_recipe(written, desired.sizing)
    return (
        NOT_PROVEN,
        *_recipes(choice),
        *_shelf(written, desired),
        f"assumed for the price: {ASSUMPTIONS}",
        *_durations(plan),
        *(f"on AWS, {sentence}" for sentence in differences_of(desired.stack)),
    )


def _recipes(choice: RecipeChoice) -> Iterator[str]:
    prices = ", ".join(f"{name} {usd(total)}" for name, total in choice.totals.items())
    yield f"recipe: {choice.name}, {choice.reason}; a month costs {prices}"
    for sentence in choice.gives_up:
        yield f"given up with {choice.name}: {sentence}"


def _shelf(written: Stack, desired: DesiredStack) -> Iterator[str]:
    kept = shelf_price(written, desired.resources)
    if kept is not None:
        yield (
            f"torn down with its data kept, it costs {usd(kept.amount)} a month: {kept.quantity:g} GB in a snapshot "
            f"({kept.source})"
        )


def _durations(plan: Plan) -> Iterator[str]:
    waves = [[change.resource for change in wave if change.resource is not None] for wave in plan.waves]
    longest: dict[str, int] = {}
    for resource in (resource for wave in waves for resource in wave):
        seconds = usual_seconds(resource) or 0
        longest[resource.kind] = max(seconds, longest.get(resource.kind, 0))
    parts = ", ".join(f"{kind} {_minutes(seconds)}" for kind, seconds in longest.items() if seconds >= 30)
    if not parts:
        return
    yield f"it takes about {_minutes(whole_seconds(waves))} in all, from memory and not measured on AWS: {parts}"


def _minutes(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{round(seconds / 60)} min"
