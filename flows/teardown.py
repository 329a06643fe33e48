"""Teardown: remove everything of a stack except its data."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace

from prefect.logging import get_run_logger

from flows.engine.back_up import back_up
from flows.engine.backups import backup_session
from flows.engine.converge import Report, converge
from flows.engine.frame import frame, open_ledger, stack_session
from flows.engine.front import settle_front
from infra_specs.backup.time import is_backed_up, not_backed_up
from infra_specs.desired import StackSnapshot
from infra_specs.errors import ChangeFailed, Fenced, LockHeld, PlanError, RunOvertaken, TenfoldError
from infra_specs.resources.instance import Instance
from infra_specs.resources.services import WRITERS
from infra_specs.resources.shelved import Shelved
from tasks.backups.catalog import place_of
from tasks.backups.probe import probe
from tasks.backups.volumes import has_data
from tasks.base.poll import until_over
from tasks.base.settings import settings
from tasks.changes.observe import observe
from tasks.ledger import Ledger
from tasks.run.context import DataEnd, RunContext, use
from tasks.run.fence import fenced
from tasks.stack.build import remove_built_images

_UNEXPECTED_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between looks at a target that shows nothing of a stack which the ledger has: its answer may be old."""
_LAST_PAUSES = (0.1,)
"""The same after everything was destroyed."""
_MAX_TURNS = 3
"""Times that something may come to light after everything was destroyed."""
_STOPPED = (
    "\nThe services of {stack} were stopped for it, and all data is there. The next reconcile or provision starts them "
    "again: tenfold reconcile {stack}"
)


@frame
async def teardown(stack: str, delete_data: bool = False, no_backup: bool = False, wait: bool = False) -> Report:
    """Take a stack down. Its data stays unless you say so, and provisioning it again comes back to it.

    Args:
        stack: The stack's name.
        delete_data: Delete its data too, for ever. Its services stop first, and a last backup is taken and proven;
            without one nothing is deleted. Backups stay.
        no_backup: Delete the data without a last backup.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with open_ledger() as ledger:
        if delete_data and not no_backup and await _can_be_backed_up(ledger, stack):
            return await _backed_up_and_torn_down(ledger, stack, wait=wait)
        async with stack_session(stack, ledger, "teardown", wait=wait) as (context, snapshot):
            context.data_end = _data_end(delete_data=delete_data, no_backup=no_backup)
            return await _torn_down(context, snapshot, delete_data=delete_data)


def _data_end(*, delete_data: bool, no_backup: bool) -> DataEnd:
    """What becomes of data where keeping it as it is would cost by the hour."""
    if not delete_data:
        return "shelve"
    return "delete" if no_backup else "delete with a last copy"


async def _torn_down(context: RunContext, snapshot: StackSnapshot, *, delete_data: bool) -> Report:
    ledger = context.ledger
    await asyncio.to_thread(ledger.stacks.mark_torn_down, context.lease)
    expected = delete_data or snapshot.is_active
    seen = await _look(context, _UNEXPECTED_PAUSES if expected else ())
    report = await _take_down(context, seen, delete_data=delete_data)
    await settle_front(ledger, context.provider, snapshot.stack.target)
    await remove_built_images(context)
    kept = await _put_in_order(context)
    if delete_data:
        await asyncio.to_thread(ledger.stacks.forget, context.lease)
    return replace(report, summary=_left(context.stack, report, context.provider.blindness(), kept))


async def _put_in_order(context: RunContext) -> tuple[Shelved, ...]:
    """What a target keeps elsewhere of the stack's data. Where data is deleted, only last copies are left of it: data
    that was put away by an earlier teardown becomes one, unless none is wanted."""
    shelf, end = context.provider.shelf, context.data_end
    if shelf is None:
        return ()
    if end != "shelve":
        await fenced(context, lambda: shelf.clear(context.stack, keep_last=end == "delete with a last copy"))
    return await asyncio.to_thread(shelf.kept, context.stack)


async def _backed_up_and_torn_down(ledger: Ledger, stack: str, *, wait: bool) -> Report:
    """Stop what writes, take the last backup, and delete. The stack's lock is held from the first to the last: nobody
    starts the services again in between. All data stays if no backup is proven. Raises PlanError if nothing was
    changed by then, and ChangeFailed if the services were stopped.
    """
    stopped, last, changes = "", "", tuple[str, ...]()
    async with AsyncExitStack() as held:
        try:
            async with backup_session(ledger, stack, "teardown") as backups:
                has_any = await asyncio.to_thread(has_data, backups)  # none: a provision that never came so far
                context, snapshot = await held.enter_async_context(stack_session(stack, ledger, "teardown", wait=wait))
                if has_any:
                    await asyncio.to_thread(probe, backups.vault, backups.stack)
                    stopped = _STOPPED.format(stack=stack)
                    changes = (await _stop_services(context)).changes
                    last = f". Its backups stay in {place_of(backups.stack, settings().home)}: {await back_up(backups)}"
        except (Fenced, LockHeld, RunOvertaken):
            raise
        except TenfoldError as error:
            raise (ChangeFailed if stopped else PlanError)(
                f"Nothing was deleted, for no last backup of {stack} could be made: {error}{stopped}\n"
                f"Mend that, or delete the data without one: tenfold teardown {stack} --delete-data --no-backup"
            ) from error
        report = await _torn_down(context, snapshot, delete_data=True)
        return replace(report, summary=f"{report.summary}{last}", changes=(*changes, *report.changes))


async def _stop_services(context: RunContext) -> Report:
    """Stop what writes data. Needs run on: they are what is backed up."""
    get_run_logger().info(
        "The services of %s stop first, so that its last backup holds all that they wrote.", context.stack
    )
    return await converge(context, "teardown", "stop the services, before the last backup", (), kinds=WRITERS)


async def _can_be_backed_up(ledger: Ledger, stack: str) -> bool:
    """Whether a stack is up and has data. Of one that is torn down nothing runs that could be backed up."""
    record = await asyncio.to_thread(ledger.stacks.find, stack)
    if record is None:
        return False
    if lost := not_backed_up(record.stack()):
        get_run_logger().warning("This is deleted, and is in no backup: %s.", ", ".join(lost))
    if not is_backed_up(record.stack()):
        return False
    if not record.wanted:
        get_run_logger().warning("No last backup of %s is made: it is torn down, so its database does not run.", stack)
    return record.wanted


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


def _left(stack: str, report: Report, blindness: str, kept: tuple[Shelved, ...]) -> str:
    """What is left after the last observation, what it cannot have seen, and how to bring the stack back."""
    unseen = f". {blindness}" if blindness else ""
    if copies := [str(item) for item in kept if not item.comes_back]:
        unseen += f". Last copies of its data stay until you remove them: {'; '.join(copies)}"
    if on_shelf := [str(item) for item in kept if item.comes_back]:
        return (
            f"{report.summary}. Its data is put away: {'; '.join(on_shelf)}{unseen}. Come back to it with tenfold "
            f"provision {stack}, or delete it for ever with tenfold teardown {stack} --delete-data"
        )
    if not report.kept:
        return f"{report.summary}. Looked again: nothing of {stack} is left{unseen}"
    left = "; ".join(report.kept) + unseen
    return (
        f"{report.summary}. Left: {left}. Come back to it with tenfold provision {stack}, "
        f"or delete it for ever with tenfold teardown {stack} --delete-data"
    )
