"""Job: a command of a stack's file, at its time or now."""

import asyncio
from contextlib import AbstractAsyncContextManager, AsyncExitStack

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.engine.bound import bounds_itself
from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger
from flows.engine.one_off import OneOff, run_one_off
from flows.engine.run_info import is_asked_for
from infra_specs.errors import LockHeld, PlanError
from infra_specs.resources.address import SCHEDULED, Address
from infra_specs.stackfile.models.stack import Stack
from tasks.base.settings import settings
from tasks.changes.one_off import hold_claim
from tasks.ledger import Ledger, Owner
from tasks.stack.record import unknown_stack

PATIENCE_SECONDS = 900.0
"""Seconds that a job waits for whoever changes its stack: a release may be under way at its minute."""


@frame
async def job(stack: str, name: str) -> Report:
    """Run a job of a stack's file, as its schedule does: in the image, environment and network of its service.

    What it writes is in the run's log, and the run fails if it ends with anything but 0 or takes longer than its
    `timeout`. Of one job there is one run at a time. A teardown ends it.

    Args:
        stack: The stack's name.
        name: The job's name, as the file has it under `jobs`.
    """
    with bounds_itself():  # its own timeout ends it
        async with open_ledger() as ledger:
            spec = await asyncio.to_thread(_wanted, ledger, stack)
            if name not in spec.jobs:
                listed = f"It has: {', '.join(spec.jobs)}." if spec.jobs else "It has none."
                raise PlanError(f"{stack} has no job `{name}`. {listed}")
            async with AsyncExitStack() as held:
                try:
                    await held.enter_async_context(_claim(ledger, stack, name))
                except LockHeld as busy:
                    return _not_begun(stack, name, busy)
                todo = spec.jobs[name]
                return await run_one_off(
                    ledger,
                    OneOff("job", stack, todo.service, todo.command, patience=PATIENCE_SECONDS, timeout=todo.timeout),
                )


def _wanted(ledger: Ledger, stack: str) -> Stack:
    """The stack as its file says now. Raises UnknownStack, and PlanError for one that is torn down."""
    record = ledger.stacks.find(stack)
    if record is None:
        raise unknown_stack(ledger, stack)
    if not record.wanted:
        raise PlanError(f"{stack} is torn down. Bring it back first: tenfold provision {stack}")
    return record.stack()


def _claim(ledger: Ledger, stack: str, name: str) -> AbstractAsyncContextManager[None]:
    owner = Owner.here("job", flow_run_id=str(flow_run.id))
    return hold_claim(ledger, stack, str(Address("job", SCHEDULED, name)), owner, settings().lease_seconds)


def _not_begun(stack: str, name: str, busy: LockHeld) -> Report:
    """Of a schedule's run: it is left out. Raises LockHeld if somebody asked for it."""
    if is_asked_for():
        raise busy
    get_run_logger().warning("The job %s is left out this time, for its last run is still at work: %s", name, busy)
    return Report(stack, f"{name} is still at work, so it was not begun again", (), (), {})
