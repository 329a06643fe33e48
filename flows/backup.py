"""Backup: write the data of a stack to its store, and prove it by restoring it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flows.engine.back_up import back_up, prove_again
from flows.engine.backups import backup_session
from flows.engine.bound import bounds_itself
from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger
from flows.engine.run_info import current_run, is_asked_for
from infra_specs.backup.names import moment_of
from infra_specs.errors import PlanError, TenfoldError
from tasks.backups.catalog import names
from tasks.ledger import Ledger


@frame
async def backup(stack: str, proof: bool = False) -> Report:
    """Back up the data of a stack, restore it beside the data, compare the two, and remove what has expired.

    Only a backup that was restored counts. The stack serves on meanwhile, and may be changed.

    Args:
        stack: The stack's name.
        proof: Write none. Restore the newest one from its store once more, and compare.
    """
    with bounds_itself():  # however long it takes: the next one finds the lock held
        async with open_ledger() as ledger, backup_session(ledger, stack, "backup") as context:
            async with _told(ledger, stack):
                earlier = await asyncio.to_thread(names, context.vault, stack)
            if proof and not earlier:
                raise PlanError(f"{stack} has no backup yet. Make one: tenfold backup {stack}")
            if not proof and (covered := _newer_than_asked(earlier)):
                return Report(stack, f"{covered} was made since this run was due, so nothing was done", (), (), {})
            async with _told(ledger, stack):
                summary = await (prove_again(context, earlier[0]) if proof else back_up(context))
            return Report(stack, summary, (), (), {})


@asynccontextmanager
async def _told(ledger: Ledger, stack: str) -> AsyncIterator[None]:
    """Write down what fails inside, so that an alert tells of it."""
    try:
        yield
    except TenfoldError as error:
        await asyncio.to_thread(ledger.backup_results.failed, stack, str(error))
        raise


def _newer_than_asked(earlier: tuple[str, ...]) -> str:
    """Of a run on a schedule, which may be late: the backup that was made since it was due; empty if it is needed."""
    run = current_run()
    if is_asked_for() or run is None or run.expected_start_time is None or not earlier:
        return ""
    return earlier[0] if (moment_of(earlier[0]) or 0.0) >= run.expected_start_time.timestamp() else ""
