"""Teardown: remove everything of a stack except its data."""

import asyncio
from dataclasses import replace

from flows.engine.converge import Report, converge
from flows.engine.frame import frame, open_ledger, stack_session
from infra_specs.resources.instance import Instance
from tasks.base.poll import until_over
from tasks.changes.observe import observe
from tasks.run.context import RunContext, use
from tasks.stack.build import remove_built_images

_UNEXPECTED_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between looks at a target that shows nothing of a stack which the ledger has: its answer may be old."""
_LAST_PAUSES = (0.1,)
"""The same after everything was destroyed."""
_MAX_TURNS = 3
"""Times that something may come to light after everything was destroyed."""


@frame
async def teardown(stack: str, delete_data: bool = False, wait: bool = False) -> Report:
    """Take a stack down. Its data stays unless you say so, and provisioning it again comes back to it.

    Args:
        stack: The stack's name.
        delete_data: Delete its data too, for ever. There is no way back.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with open_ledger() as ledger, stack_session(stack, ledger, "teardown", wait=wait) as (context, snapshot):
        await asyncio.to_thread(ledger.stacks.mark_torn_down, context.lease)
        expected = delete_data or snapshot.is_active
        seen = await _look(context, _UNEXPECTED_PAUSES if expected else ())
        report = await _take_down(context, seen, delete_data=delete_data)
        await remove_built_images(context)
        if delete_data:
            await asyncio.to_thread(ledger.stacks.forget, context.lease)
        return replace(report, summary=_left(stack, report, context.provider.blindness()))


async def _look(context: RunContext, pauses: tuple[float, ...]) -> tuple[Instance, ...]:
    """What the target has of the stack. It is asked again after each pause while it shows nothing."""
    with use(context):
        return await until_over(lambda: observe(context.stack), bool, pauses)


async def _take_down(context: RunContext, seen: tuple[Instance, ...], *, delete_data: bool) -> Report:
    """Destroy everything, and with `delete_data` look once more: a stack that is forgotten must have nothing left."""
    reason = "asked for, data deleted" if delete_data else "asked for, data kept"
    report = await converge(context, "teardown", reason, (), delete_data=delete_data, seen=seen)
    for _ in range(_MAX_TURNS if delete_data else 0):
        if not (seen := await _look(context, _LAST_PAUSES)):
            break
        more = await converge(context, "teardown", reason, (), delete_data=True, seen=seen)
        report = replace(more, changes=(*report.changes, *more.changes))
    return report


def _left(stack: str, report: Report, blindness: str) -> str:
    """What is left after the last observation, what it cannot have seen, and how to bring the stack back."""
    unseen = f". {blindness}" if blindness else ""
    if not report.kept:
        return f"{report.summary}. Looked again: nothing of {stack} is left{unseen}"
    left = "; ".join(report.kept) + unseen
    return (
        f"{report.summary}. Left: {left}. Come back to it with tenfold provision {stack}, "
        f"or delete it for ever with tenfold teardown {stack} --delete-data"
    )
