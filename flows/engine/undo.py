"""A restore that did not end: it is taken back before the services run on what it left."""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.backups import backup_session
from flows.engine.converge import converge
from flows.engine.frame import stack_session
from infra_specs.desired import desired_as_deployed
from infra_specs.resources.services import WRITERS
from tasks.backups.restore import exchange, remove_asides
from tasks.ledger import Ledger


async def finish_undo(ledger: Ledger, stack: str) -> None:
    """Put the data from before such a restore in its place, while the services are stopped. Nothing to do: success.

    Whoever calls it starts the services again. Of a stack that is torn down nothing runs afterwards.
    Raises what a converge and a session on backups raise.
    """
    if not await asyncio.to_thread(ledger.undos.find, stack):
        return
    async with stack_session(stack, ledger, "reconcile") as (context, snapshot):
        undo = await asyncio.to_thread(ledger.undos.find, stack)
        if undo is None:  # somebody else took it back, or the restore has ended
            return
        why = f"take back the restore of {undo.backup}"
        kept = tuple(resource for resource in desired_as_deployed(snapshot).resources if resource.kind not in WRITERS)
        await converge(context, "reconcile", f"stop the services, to {why}", kept)
        async with backup_session(ledger, stack, "reconcile") as backups:
            await exchange(undo, back=True)
            await remove_asides("restored")
            if not snapshot.is_active:
                context.data_end = "shelve"
                await converge(context, "reconcile", "it is torn down, and its data is kept", ())
            await asyncio.to_thread(ledger.undos.end, backups.lease)
        get_run_logger().info("The data from before the restore of %s is in its place.", undo.backup)
