"""Teardown: remove everything of a stack except its data."""

import asyncio
from dataclasses import replace

from prefect.logging import get_run_logger

from flows.engine.back_up import back_up
from flows.engine.backups import backup_session
from flows.engine.converge import Report, converge
from flows.engine.frame import frame, open_ledger, stack_session
from flows.engine.front import settle_front
from infra_specs.backup.time import is_backed_up
from infra_specs.errors import PlanError, TenfoldError
from infra_specs.resources.instance import Instance
from tasks.backups.catalog import place_of
from tasks.backups.volumes import has_data
from tasks.base.poll import until_over
from tasks.base.settings import settings
from tasks.changes.observe import observe
from tasks.ledger import Ledger
from tasks.run.context import RunContext, use
from tasks.stack.build import remove_built_images

_UNEXPECTED_PAUSES = (0.5, 1.0, 2.0)
"""Seconds between looks at a target that shows nothing of a stack which the ledger has: its answer may be old."""
_LAST_PAUSES = (0.1,)
"""The same after everything was destroyed."""
_MAX_TURNS = 3
"""Times that something may come to light after everything was destroyed."""


@frame
async def teardown(stack: str, delete_data: bool = False, no_backup: bool = False, wait: bool = False) -> Report:
    """Take a stack down. Its data stays unless you say so, and provisioning it again comes back to it.

    Args:
        stack: The stack's name.
        delete_data: Delete its data too, for ever, once a last backup of its database is proven. Backups stay.
        no_backup: Delete the data without a last backup.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    async with open_ledger() as ledger:
        last = "" if no_backup or not delete_data else await _last_backup(ledger, stack)
        report = await _torn_down(ledger, stack, delete_data=delete_data, wait=wait)
        return replace(report, summary=f"{report.summary}{last}")


async def _torn_down(ledger: Ledger, stack: str, *, delete_data: bool, wait: bool) -> Report:
    async with stack_session(stack, ledger, "teardown", wait=wait) as (context, snapshot):
        await asyncio.to_thread(ledger.stacks.mark_torn_down, context.lease)
        expected = delete_data or snapshot.is_active
        seen = await _look(context, _UNEXPECTED_PAUSES if expected else ())
        report = await _take_down(context, seen, delete_data=delete_data)
        await settle_front(ledger, context.provider, snapshot.stack.target)
        await remove_built_images(context)
        if delete_data:
            await asyncio.to_thread(ledger.stacks.forget, context.lease)
        return replace(report, summary=_left(stack, report, context.provider.blindness()))


async def _last_backup(ledger: Ledger, stack: str) -> str:
    """Back up a stack that is up, and say which backup stays. Raises PlanError if there can be no proven one.

    Of a stack that is torn down nothing runs that could be backed up.
    """
    record = await asyncio.to_thread(ledger.stacks.find, stack)
    if record is None or not is_backed_up(record.stack()):
        return ""
    if not record.wanted:
        get_run_logger().warning("No last backup of %s is made: it is torn down, so its database does not run.", stack)
        return ""
    try:
        async with backup_session(ledger, stack, "teardown") as backups:
            if not await asyncio.to_thread(has_data, backups):
                return ""  # a provision that never came so far
            said = await back_up(backups)
            place = place_of(backups.stack, settings().home)
    except TenfoldError as error:
        raise PlanError(
            f"Nothing was deleted, for no last backup of {stack} could be made: {error}\n"
            f"Mend that, or delete the data without one: tenfold teardown {stack} --delete-data --no-backup"
        ) from error
    return f". Its backups stay in {place}: {said}"


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


def _left(stack: str, report: Report, blindness: str) -> str:
    """What is left after the last observation, what it cannot have seen, and how to bring the stack back."""
    unseen = f". {blindness}" if blindness else ""
    if not report.kept:
        return f"{report.summary}. Looked again: nothing of {stack} is left{unseen}"
    left = "; ".join(report.kept) + unseen
    return (
        f"{report.summary}. Left: {left}. Come back to it with tenfold provision {stack}, "
        f"or delete it for ever with tenfold teardown {stack} --delete-data"
    )
