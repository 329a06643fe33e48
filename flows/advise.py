"""Advise: what to change next of every stack, before it presses; on a timer, for who looks at the UI."""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.converge import Report
from flows.engine.frame import opened_ledger, runbook
from tasks.autoscaling.advice import advice
from tasks.autoscaling.artifacts import show_advice
from tasks.stack.record import remembered


@runbook
async def advise(stack: str = "") -> Report:
    """Say what to change next before it presses: growth, budget, sizes that do not fit. Changes nothing.

    Args:
        stack: The stack's name. Empty for every stack.
    """
    log, said = get_run_logger(), list[str]()
    async with opened_ledger() as ledger:
        if stack:
            remembered(ledger, stack)
        asked = [known for known in ledger.stacks() if known.wanted and stack in ("", known.name)]
        advised, faults = await asyncio.to_thread(advice, ledger, asked)
        for name, found in advised.items():
            await show_advice(name, found)
            said += [f"{name}: {one.said}" for one in found]
    for one in said:
        log.warning("%s", one)
    said += map(str, faults)
    return Report(stack or "all stacks", "; ".join(said) or "nothing presses, and nothing is idle", (), (), {})
