"""Rollback: what an earlier release held, as a new release."""

from typing import Annotated

from pydantic import Field

from flows.engine.converge import Report
from flows.engine.frame import on_site, opened_ledger, runbook
from flows.engine.release import deliver
from tasks.stack.release import to_roll_back_to


@runbook
async def rollback(
    stack: str, release: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0, wait: bool = False
) -> Report:
    """Go back to an earlier release: its images, commands, environment and secrets, in the counts of now.

    Data stays as it is, and no `before` command runs.

    Args:
        stack: The stack's name.
        release: The number of the release, as tenfold releases lists them. 0 for the last one that was another.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with opened_ledger() as ledger, on_site(stack, ledger, "rollback", wait=wait) as (site, what, source):
        then = to_roll_back_to(ledger, what, source, release)
        return await deliver(site, "rollback", what, source, then.content, why=f"back to {then}: ")
