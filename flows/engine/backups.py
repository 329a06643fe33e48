"""A session on the backups of one stack: their lock, the open target and the store, until the block ends."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from flows.engine.frame import open_target
from infra_specs.backup.time import refuse_target
from infra_specs.errors import PlanError, TenfoldError
from tasks.backups.catalog import open_vault
from tasks.backups.context import BackupContext, use
from tasks.backups.restore import tidy
from tasks.backups.undo import refuse_undo
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner, keep_renewed
from tasks.stack.record import unknown_stack


@asynccontextmanager
async def backup_session(ledger: Ledger, stack: str, verb: str) -> AsyncIterator[BackupContext]:
    """Hold the lock of the stack's backups, not that of the stack. What an ended run left is removed first.

    Raises UnknownStack; PlanError for a stack that is torn down or has a restore to be taken back, which only a
    reconcile may look after; LockHeld if another backup or restore is under way.
    """
    config = settings()
    record = await asyncio.to_thread(ledger.stacks.find, stack)
    if record is None:
        raise unknown_stack(ledger, stack)
    if not record.wanted and verb != "reconcile":
        raise PlanError(f"{stack} is torn down. Bring it back first: tenfold provision {stack}")
    spec = record.stack()
    refuse_target(spec)
    owner = Owner.here(verb, flow_run_id=str(flow_run.id) if flow_run.id else None)
    lease = await asyncio.to_thread(ledger.backup_locks.acquire, stack, owner, config.lease_seconds)
    with keep_renewed(ledger, lease, config.lease_seconds):
        if verb != "reconcile":
            await asyncio.to_thread(refuse_undo, ledger, stack)
        async with open_target(spec) as provider:
            vault = await asyncio.to_thread(open_vault, ledger, spec, config.home)
            context = BackupContext(spec, provider, ledger, lease, vault)
            with use(context):
                if left := await asyncio.to_thread(tidy, context):
                    get_run_logger().info("Removed what an earlier run left: %s", ", ".join(left))
                yield context


async def tidy_abandoned(ledger: Ledger, stack: str) -> None:
    """Remove what a killed backup or restore left on the target. What cannot be removed is left for the next look."""
    if not await asyncio.to_thread(ledger.backup_locks.is_abandoned, stack):
        return
    try:
        async with backup_session(ledger, stack, "reconcile"):
            pass
    except TenfoldError as error:
        get_run_logger().warning("What a killed backup of %s left is still there: %s", stack, error)
