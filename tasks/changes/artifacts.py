"""The artifacts of a run on its page in the Prefect UI.

Descriptions are short: a card shows about thirty characters.
"""

import asyncio
from collections.abc import Iterable

from prefect.artifacts import acreate_link_artifact, acreate_markdown_artifact, acreate_table_artifact

from infra_specs.desired import DesiredStack
from infra_specs.plan.plan import Plan
from infra_specs.stackfile.messages.no_effect import settings_without_effect
from tasks.changes.one_off import EXIT_CODE_KEY


async def show_plan(plan: Plan) -> None:
    """Show the plan as a table in order of execution: wave, change, resource, reason."""
    rows = [
        _row(str(wave), change.action, change.address, change.reason)
        for wave, changes in enumerate(plan.waves, 1)
        for change in changes
    ]
    rows += [_row("", "leave alone", skipped.address, skipped.reason) for skipped in plan.skipped]
    await acreate_table_artifact(
        rows or [_row("", "none", plan.stack, plan.summary)],
        key=_key("plan", plan.stack),
        description=plan.summary,
    )


async def show_sizing(desired: DesiredStack) -> None:
    """Show the price, the sizing arithmetic, and the keys of the spec that have no effect."""
    parts = [
        f"## Price\n\n{desired.price}  \n_{desired.price.source}_",
        f"## Sizing\n\n{_bullets(desired.sizing.arithmetic)}",
    ]
    if notes := settings_without_effect(desired.stack):
        parts.append(f"## Notes\n\n{_bullets(notes)}")
    if desired.stack.debts:
        debts = (f"**{debt.what}** (until {debt.expires}): {debt.impact}" for debt in desired.stack.debts)
        parts.append(f"## Debts\n\n{_bullets(debts)}")
    await acreate_markdown_artifact(
        "\n\n".join(parts),
        key=_key("sizing", desired.stack.name),
        description=str(desired.price),
    )


async def show_outcome(
    stack: str, summary: str, changes: tuple[str, ...], left_alone: tuple[str, ...], links: dict[str, str]
) -> None:
    """Show how the run ended: links, changes, and resources that were left alone."""
    parts = [f"**{stack}**: {summary}"]
    if links:
        parts.append(f"## Open\n\n{_bullets(f'{name}: [{url}]({url})' for name, url in links.items())}")
    # Verbatim: in a list, markdown would take the signs of the changes for bullets.
    if changes:
        parts.append(f"## Done\n\n{_verbatim(*changes)}")
    if left_alone:
        parts.append(f"## Left alone\n\n{_verbatim(*left_alone)}")
    artifacts = [acreate_markdown_artifact("\n\n".join(parts), key=_key("outcome", stack), description=summary)]
    artifacts += [
        acreate_link_artifact(
            url,
            key=f"open-{stack}-{name}",
            link_text=url,
            description=f"[{url}]({url})",
        )
        for name, url in links.items()
    ]
    await asyncio.gather(*artifacts)


async def show_exit_code(code: int) -> None:
    """Store the exit code of a one-off command under a fixed key."""
    await acreate_markdown_artifact(str(code), key=EXIT_CODE_KEY, description=f"The command ended with {code}")


async def show_failure(message: str) -> None:
    """Show why the run failed, with its line breaks: the UI shows a state's message on one line."""
    first, *_ = message.splitlines()
    await acreate_markdown_artifact(
        f"## What failed, why, and what to do\n\n{_verbatim(*message.splitlines())}", key="failed", description=first
    )


def _row(wave: str, change: str, resource: str, reason: str) -> dict[str, str]:
    return {"Wave": wave, "Change": change, "Resource": resource, "Why": reason}


def _bullets(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _verbatim(*lines: str) -> str:
    """A code block. It is indented and not fenced, since a log may contain a fence."""
    return "\n".join(f"    {line}" for line in lines)


def _key(kind: str, stack: str) -> str:
    """A key has no `_`, which only a front's name has; and the name of no stack begins with a digit."""
    return f"{kind}-0-{stack.replace('_', '-')}" if "_" in stack else f"{kind}-{stack}"
