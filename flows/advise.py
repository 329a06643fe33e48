"""Advise: what to change next of every stack, before it presses; on a timer, for who looks at the UI."""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger
from tasks.autoscaling.advice import advice
from tasks.autoscaling.artifacts import show_advice
from tasks.ledger import Ledger, StackRecord
from tasks.stack.record import recorded_spec


@frame
async def advise(stack: str = "") -> Report:
    """Say what to change next before it presses: growth, budget, sizes that do not fit. Changes nothing.

    Args:
        stack: The stack's name. Empty for every stack.
    """
    log, notes = get_run_logger(), list[str]()
    async with open_ledger() as ledger:
        records = await asyncio.to_thread(_records, ledger, stack)
        advised, faults = await asyncio.to_thread(advice, ledger, records)
        for name, advised_changes in advised.items():
            await show_advice(name, advised_changes)
            notes += [f"{name}: {change.said}" for change in advised_changes if not change.waits]
    for note in notes:
        log.warning("%s", note)
    notes += map(str, faults)
    return Report(stack or "all stacks", "; ".join(notes) or "nothing presses", (), (), {})


def _records(ledger: Ledger, stack: str) -> list[StackRecord]:
    """The active stacks to advise on. Raises UnknownStack for an unknown name."""
    if stack:
        recorded_spec(ledger, stack)
    return [record for record in ledger.stacks.all() if record.wanted and stack in ("", record.name)]
