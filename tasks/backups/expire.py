"""Remove the backups that have expired, and what killed backups left in the store."""

import asyncio
from functools import partial

from infra_specs.backup.retention import expired
from tasks.backups.catalog import backups, remove, remove_halves
from tasks.backups.context import BackupContext, current
from tasks.run.retry import retryable_task


@retryable_task("remove expired backups")
async def remove_expired() -> tuple[str, ...]:
    """The names of the backups that were removed: older than what the stack's file keeps, with a newer proven one."""
    return await asyncio.to_thread(_remove, current())


def _remove(context: BackupContext) -> tuple[str, ...]:
    stack, rules = context.stack.name, context.stack.backup
    context.fenced(lambda: remove_halves(context.vault, stack))
    gone = tuple(backup.name for backup in expired(backups(context.vault, stack), rules.keep, rules.timezone))
    for name in gone:
        context.fenced(partial(remove, context.vault, stack, name))
    return gone
