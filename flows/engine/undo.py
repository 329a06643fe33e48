"""A restore that failed and could not be taken back: it is taken back before the services run on what it left."""

import asyncio

from prefect.logging import get_run_logger

from flows.engine.backups import backup_session
from flows.engine.converge import converge
from flows.engine.frame import stack_session
from infra_specs.desired import desired_as_deployed
from infra_specs.resources.services import WRITERS
from tasks.backups.catalog import open_vault, read_manifest
from tasks.backups.restore import exchange, remove_asides
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.stack.record import recorded_spec


async def finish_undo(ledger: Ledger, stack: str) -> None:
    """Put the data from before such a restore in its place, while the services are stopped. Nothing to do: success.

    Whoever calls it starts the services again. Raises what a converge and a session on backups raise.
    """
    name = await asyncio.to_thread(ledger.undos.find, stack)
    if not name:
        return
    spec, _ = await asyncio.to_thread(recorded_spec, ledger, stack)
    vault = await asyncio.to_thread(open_vault, ledger, spec, settings().home)
    manifest = await asyncio.to_thread(read_manifest, vault, stack, name)  # before anything is stopped
    why = f"take back the restore of {name}"
    async with stack_session(stack, ledger, "reconcile") as (context, snapshot):
        kept = tuple(resource for resource in desired_as_deployed(snapshot).resources if resource.kind not in WRITERS)
        await converge(context, "reconcile", f"stop the services, to {why}", kept)
        async with backup_session(ledger, stack, "reconcile") as backups:
            await exchange(manifest, back=True)
            await asyncio.to_thread(ledger.undos.end, backups.lease)
            await remove_asides("restored")
    get_run_logger().info("The data from before the restore of %s is in its place.", name)
