"""What is refused of a stack before the hosts of its fleet are touched, and whether its backups can be stored."""

import asyncio
from contextlib import closing

from prefect.logging import get_run_logger

from infra_specs.backup.time import is_backed_up
from infra_specs.desired import StackSnapshot
from infra_specs.errors import PlanError, ProviderError, TenfoldError, TransientError
from infra_specs.stackfile.models.stack import Stack
from tasks.backups.catalog import open_vault
from tasks.backups.probe import probe
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers import open_provider
from tasks.stack.fleet import on_recorded_fleet, placed
from tasks.stack.preflight import Preview, prepare, refuse_unseen


async def refuse_early(ledger: Ledger, snapshot: StackSnapshot) -> None:
    """Refuse what a provision would refuse once its hosts are a fleet: nothing is stored, built, fetched or changed.

    Of a fleet that is there its engines are asked, too. One that does not answer may do so once it is repaired.
    Raises PlanError, and ProviderError for the folder of a build.
    """
    stack = snapshot.stack
    with closing(await asyncio.to_thread(open_provider, placed(ledger, stack).target, settings().home)) as unseen:
        await asyncio.to_thread(refuse_unseen, ledger, unseen, snapshot)
    await probe_store(ledger, stack)
    recorded = await asyncio.to_thread(on_recorded_fleet, ledger, stack)
    if not recorded.target.machine:
        return
    with closing(await asyncio.to_thread(open_provider, recorded.target, settings().home)) as provider:
        try:
            await prepare(Preview(ledger, provider), snapshot.with_stack(recorded))
        except ProviderError as error:
            get_run_logger().info("Not known yet: %s", error)


async def probe_store(ledger: Ledger, stack: Stack) -> None:
    """Write into the store that a stack's file names, and remove it. Raises PlanError with what the store refuses.

    A store that does not answer now is no reason to refuse a stack: that is said in the log.
    """
    if not is_backed_up(stack) or not stack.backup.to:
        return
    try:
        vault = await asyncio.to_thread(open_vault, ledger, stack, settings().home)
        await asyncio.to_thread(probe, vault, stack)
    except TransientError as away:
        get_run_logger().warning("Nobody knows whether %s can be backed up: %s", stack.name, away)
    except TenfoldError as error:
        raise PlanError(f"{stack.name} could not be backed up: {error}") from error
