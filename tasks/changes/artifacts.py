"""What a run leaves to look at on its page in the Prefect UI.

Descriptions are short: a card shows some thirty characters of them.
"""

import asyncio
from collections.abc import Iterable

from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact

from infra_specs.plan.plan import Plan
from infra_specs.stackfile.messages.no_effect import unused
from tasks.changes.one_off import exit_code
from tasks.stack.record import Wish


async def show_plan(plan: Plan) -> None:
    """The plan as a table, in the order in which it is done: wave, change, resource, reason."""
    rows = [
        _row(str(wave), change.action, change.address, change.reason)
        for wave, changes in enumerate(plan.waves, 1)
        for change in changes
    ]
    rows += [_row("", "leave alone", kept.address, kept.reason) for kept in plan.kept]
    await acreate_table_artifact(
        rows or [_row("", "none", plan.stack, plan.summary)],
        key=f"plan-{plan.stack}",
        description=plan.summary,
    )


async def show_sizing(wish: Wish) -> None:
    """Why it has this size, what it costs, and what of the spec does nothing."""
    parts = [
        f"## Price\n\n{wish.price}  \n_{wish.price.source}_",
        f"## Sizing\n\n{_bullets(wish.sizing.arithmetic)}",
    ]
    if notes := unused(wish.stack):
        parts.append(f"## Notes\n\n{_bullets(notes)}")
    if wish.stack.debts:
        debts = (f"**{debt.what}** (until {debt.expires}): {debt.impact}" for debt in wish.stack.debts)
        parts.append(f"## Debts\n\n{_bullets(debts)}")
    await acreate_markdown_artifact(
        "\n\n".join(parts),
        key=f"sizing-{wish.stack.name}",
        description=str(wish.price),
    )


async def show_outcome(
    stack: str, summary: str, changes: tuple[str, ...], kept: tuple[str, ...], links: dict[str, str]
) -> None:
    """How it ended: where what runs answers, what was done, what was left alone."""
    parts = [f"**{stack}**: {summary}"]
    if links:
        parts.append(f"## Open\n\n{_bullets(f'{name}: [{url}]({url})' for name, url in links.items())}")
    # As they are in the log and in the terminal: in a list, markdown would take their signs for bullets.
    if changes:
        parts.append(f"## Done\n\n{_verbatim(*changes)}")
    if kept:
        parts.append(f"## Left alone\n\n{_verbatim(*kept)}")
    made = [acreate_markdown_artifact("\n\n".join(parts), key=f"outcome-{stack}", description=summary)]
    made += [
        acreate_link_artifact(
            url,
            key=f"open-{stack}-{name}",
            link_text=url,
            description=f"[{url}]({url})",
        )
        for name, url in links.items()
    ]
    await asyncio.gather(*made)


async def show_exit_code(code: int) -> None:
    """What a command that was run once ended with, for whoever asks by its key."""
    await acreate_markdown_artifact(str(code), key=exit_code, description=f"The command ended with {code}")


async def show_failure(message: str) -> None:
    """Why it failed, line by line as it was written: the state's message is shown on one line."""
    first, *_ = message.splitlines()
    await acreate_markdown_artifact(
        f"## What failed, why, and what to do\n\n{_verbatim(*message.splitlines())}", key="failed", description=first
    )


def _row(wave: str, change: str, resource: str, why: str) -> dict[str, str]:
    return {"Wave": wave, "Change": change, "Resource": resource, "Why": why}


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _verbatim(*lines: str) -> str:
    """A block of code. Indented, not fenced: a log may hold a fence."""
    return "\n".join(f"    {line}" for line in lines)
