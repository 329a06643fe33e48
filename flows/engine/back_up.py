"""Back up one stack: write, prove, and remove what has expired; or prove once more what is there."""

import asyncio

from prefect.logging import get_run_logger

from infra_specs.backup.manifest import Manifest
from infra_specs.backup.names import name_of
from infra_specs.errors import ChangeFailed, PlanError
from infra_specs.releases.selection import current
from tasks.backups.catalog import find, names, place_of, read_manifest
from tasks.backups.context import BackupContext
from tasks.backups.expire import remove_expired
from tasks.backups.prove import prove_backup
from tasks.backups.restore import remove_asides
from tasks.backups.write import write_backup
from tasks.base.clock import now
from tasks.base.disk import size_text
from tasks.base.settings import settings


async def back_up(context: BackupContext) -> str:
    """Write a backup and prove it. Returns what it holds, as a sentence.

    Raises ChangeFailed for one that is not proven: it stays, and does not count.
    """
    stack = context.stack.name
    earlier = await asyncio.to_thread(names, context.vault, stack)
    if not context.stack.backup.to:
        get_run_logger().warning(
            "The backups of %s are on the machine that Tenfold runs on, in %s: they are lost with it. Name another "
            "place in its file, as `backup: {to: /mnt/backups}`.", stack, place_of(context.stack, settings().home),
        )  # fmt: skip
    began = now()
    while (name := name_of(began)) in earlier:  # two within a second
        began += 1
    manifest = await write_backup(name, began, await _release_number(context))
    for address, why in manifest.missing.items():
        get_run_logger().warning("%s is not in the backup: %s.", address, why)
    for copy in manifest.volumes:
        for path in copy.content.torn:
            get_run_logger().warning(
                "%s of %s changed each time it was read, so its copy may be torn: keep such data in the database.",
                path, copy.address,
            )  # fmt: skip
    reason = await prove_backup(name)
    if reason:
        raise ChangeFailed(f"The backup {name} of {stack} is written and does not count: {reason}.")
    if manifest.fall:
        get_run_logger().warning("The backup %s is proven. But %s.", name, manifest.fall)
    await asyncio.to_thread(context.ledger.backup_results.succeeded, stack, manifest.began, str(manifest.fall or ""))
    await remove_asides("replaced")  # a killed restore left it; what is proven now came after it
    gone = await remove_expired()
    removed = f"; removed {', '.join(gone)}, which had expired" if gone else ""
    return f"{_described(manifest)}{removed}"


async def prove_again(context: BackupContext, name: str) -> str:
    """Restore a backup from its store once more, and compare. Returns what it holds, as a sentence.

    Raises ChangeFailed if it is not proven now.
    """
    stack = context.stack.name
    reason = await prove_backup(name)
    if not reason:
        manifest = await asyncio.to_thread(read_manifest, context.vault, stack, name)
        return f"{name} is proven again: {manifest.holds}"
    backup = await asyncio.to_thread(find, context.vault, stack, name)
    if backup.state == "proven":
        raise ChangeFailed(f"The backup {backup.name} of {stack} could not be proven again, and counts on: {reason}.")
    raise ChangeFailed(f"The backup {backup.name} of {stack} does not count: {reason}.")


async def _release_number(context: BackupContext) -> int:
    """The release that serves. 0 for none, and for one that cannot be read: its data is backed up all the same."""
    try:
        release = current(await asyncio.to_thread(context.ledger.releases.active, context.stack.name))
    except PlanError as error:
        get_run_logger().warning("The backup does not say of which release it is: %s", error)
        return 0
    return release.number if release else 0


def _described(manifest: Manifest) -> str:
    missing = f", without {', '.join(manifest.missing)}" if manifest.missing else ""
    return f"{manifest.name} is proven: {manifest.holds}, {size_text(manifest.size)} in its store{missing}"
