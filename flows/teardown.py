"""Teardown: remove everything of a stack except its data."""

import asyncio
from dataclasses import replace

from flows.engine.converge import Report, converge
from flows.engine.frame import frame, open_ledger, stack_session
from tasks.stack.build import remove_built_images


@frame
async def teardown(stack: str, delete_data: bool = False, wait: bool = False) -> Report:
    """Take a stack down. Its data stays unless you say so, and provisioning it again comes back to it.

    Args:
        stack: The stack's name.
        delete_data: Delete its data too, for ever. There is no way back.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with open_ledger() as ledger, stack_session(stack, ledger, "teardown", wait=wait) as (context, _):
        await asyncio.to_thread(ledger.stacks.mark_torn_down, context.lease)
        reason = "asked for, data deleted" if delete_data else "asked for, data kept"
        report = await converge(context, "teardown", reason, (), delete_data=delete_data)
        await remove_built_images(context)
        if delete_data:
            await asyncio.to_thread(ledger.stacks.forget, context.lease)
        return replace(report, summary=_left(stack, report))


def _left(stack: str, report: Report) -> str:
    """What is left after the last observation, and how to bring the stack back."""
    if not report.kept:
        return f"{report.summary}. Looked again: nothing of {stack} is left"
    left = "; ".join(report.kept)
    return (
        f"{report.summary}. Left: {left}. Come back to it with tenfold provision {stack}, "
        f"or delete it for ever with tenfold teardown {stack} --delete-data"
    )
