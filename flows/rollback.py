"""Rollback: the manifest of an earlier release, as a new release."""

import asyncio
from typing import Annotated

from pydantic import Field

from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger, stack_session
from flows.engine.release import make_release
from tasks.backups.undo import refuse_undo
from tasks.stack.preflight import prepare_rollback
from tasks.stack.preparation import Preparation
from tasks.stack.release import rollback_target


@frame
async def rollback(
    stack: str, release: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0, wait: bool = False
) -> Report:
    """Go back to an earlier release: its images, commands, environment and secrets, in the counts of now.

    Data stays as it is, and no `before` command runs.

    Args:
        stack: The stack's name.
        release: Its number, as tenfold releases lists them. 0 for the newest that nobody rolled back from.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with open_ledger() as ledger, stack_session(stack, ledger, "rollback", wait=wait) as (context, snapshot):
        await asyncio.to_thread(refuse_undo, ledger, stack)
        target = await asyncio.to_thread(rollback_target, ledger, snapshot, release)
        prepared = await prepare_rollback(Preparation(context), snapshot, target.content)
        return await make_release(context, snapshot, "rollback", prepared.desired, why=f"back to {target}: ")
