"""What a run leaves to look at on its page in the Prefect UI."""

import asyncio

from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact

from infra_specs.plan.instance import Instance
from infra_specs.plan.plan import Plan
from tasks.wish import Wish


async def show_plan(plan: Plan) -> None:
    """The plan as a table: wave, change, reason."""
    rows = [
        {"wave": wave, "change": change.action, "what": change.address, "why": change.reason}
        for wave, changes in enumerate(plan.waves, 1)
        for change in changes
    ]
    rows += [{"wave": "", "change": "keep", "what": kept.address, "why": kept.reason} for kept in plan.kept]
    await acreate_table_artifact(
        rows or [{"wave": "", "change": "none", "what": plan.stack, "why": plan.summary}],
        key=f"plan-{plan.stack}",
        description=f"**{plan.stack}**: {plan.summary}",
    )


async def show_sizing(wish: Wish) -> None:
    """Why it has this size, and what it costs."""
    sums = "\n".join(f"- {line}" for line in wish.sizing.arithmetic)
    debts = "\n".join(f"- {debt.what} (until {debt.expires}): {debt.impact}" for debt in wish.stack.debts)
    await acreate_markdown_artifact(
        f"## Price\n{wish.price}  \n_{wish.price.source}_\n\n## Sizing\n{sums}\n"
        + (f"\n## Debts\n{debts}\n" if debts else ""),
        key=f"sizing-{wish.stack.name}",
        description=f"Why {wish.stack.name} has the size it has",
    )


async def show_outcome(stack: str, text: str, links: dict[str, str]) -> None:
    """How it ended, and links to what runs."""
    made = [acreate_markdown_artifact(text, key=f"outcome-{stack}", description=f"How {stack} came out")]
    made += [
        acreate_link_artifact(url, key=f"open-{stack}-{name}", link_text=url, description=f"{name} of {stack}")
        for name, url in links.items()
    ]
    await asyncio.gather(*made)


def links_of(instances: tuple[Instance, ...]) -> dict[str, str]:
    """Service -> where it answers."""
    return {
        one.address.removeprefix("route/"): one.outputs["url"]
        for one in instances
        if one.kind == "route" and one.outputs.get("url")
    }
