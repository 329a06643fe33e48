"""Teardown: nothing of a stack is wanted any more, its data excepted."""

import asyncio
from dataclasses import replace

from flows.engine.converge import Report, converge
from flows.engine.frame import on_site, opened_ledger, runbook
from tasks.stack.build import forget_built


@runbook
async def teardown(stack: str, delete_data: bool = False, wait: bool = False) -> Report:
    """Take a stack down. Its data stays unless you say so, and provisioning it again comes back to it.

    Args:
        stack: The stack's name.
        delete_data: Delete its data too, for ever. There is no way back.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with opened_ledger() as ledger, on_site(stack, ledger, "teardown", wait=wait) as (site, _, _):
        ledger.unwant(site.hold)
        reason = "asked for, data deleted" if delete_data else "asked for, data kept"
        report = await converge(site, "teardown", reason, (), delete_data=delete_data)
        await asyncio.to_thread(forget_built, site)
        if delete_data:
            ledger.forget(site.hold)
        return replace(report, summary=_left(stack, report))


def _left(stack: str, report: Report) -> str:
    """What is still there, proven by the last look, and how to come back to it."""
    if not report.kept:
        return f"{report.summary}. Looked again: nothing of {stack} is left"
    left = "; ".join(report.kept)
    return (
        f"{report.summary}. Left: {left}. Come back to it with tenfold provision {stack}, "
        f"or delete it for ever with tenfold teardown {stack} --delete-data"
    )
