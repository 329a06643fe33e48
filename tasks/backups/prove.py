"""Prove a backup: restore each database of it beside the stack's own, compare, and remove it again."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import partial

from infra_specs.backup.manifest import DatabaseCopy, Manifest, StoredFile, differences
from infra_specs.backup.names import Aside
from infra_specs.backup.state import State
from infra_specs.errors import BackupFault, DiskFull, NoRoom, OutOfResources, PlanError, ProviderError, TransientError
from infra_specs.resources.instance import Instance
from tasks.backups.catalog import find, read_manifest, write_verdict
from tasks.backups.context import BackupContext, current
from tasks.backups.volumes import drop_volumes, put_beside
from tasks.base.clock import now
from tasks.run.retry import retryable_task

_ROOM = 1.1
"""How many times its size a database needs while it is restored."""
_SHOWN = 5
"""Differences that a reason names."""


@retryable_task("prove {name}")
async def prove_backup(name: str) -> str:
    """Restore a backup from its store and compare. Returns why it is not proven now; empty if it is.

    One that was proven or has failed before stays so where nothing could be restored.
    """
    return await asyncio.to_thread(_prove, current(), name)


def _prove(context: BackupContext, name: str) -> str:
    manifest = read_manifest(context.vault, context.stack.name, name)
    state, reason = _verdict(context, manifest)
    if state == "written" and find(context.vault, context.stack.name, name).state != "written":
        return reason
    context.fenced(lambda: write_verdict(context.vault, manifest, state, reason, now()))
    return reason


def _verdict(context: BackupContext, manifest: Manifest) -> tuple[State, str]:
    try:
        restored = restore_beside(context, manifest)
    except BackupFault as fault:
        return "failed", str(fault)
    except (NoRoom, OutOfResources) as lack:  # it says nothing of the backup
        return "written", str(lack)
    drop_asides(context, restored)
    return "proven", ""


def restore_beside(context: BackupContext, manifest: Manifest) -> tuple[tuple[Instance, Aside], ...]:
    """Restore every database of a backup beside the stack's own. Each is compared with the manifest.

    Raises BackupFault, and removes what it made, if something is not as it was; NoRoom before anything is made, and
    OutOfResources for a server that lacks something meanwhile.
    Roles are not made: their files are read to their ends.
    """
    for file in manifest.roles.values():
        roles_of(context, file)
    servers = {server.address: server for server in context.servers()}
    restored: list[tuple[Instance, Aside]] = []
    try:
        for number, copy in enumerate(manifest.databases):
            server = _server(context, servers, copy)
            _require_room(context, server, copy)
            aside = Aside("restored", manifest.name, number)
            restored.append((server, aside))
            _restore(context, server, copy, aside)
        put_beside(context, manifest)
    except BaseException:
        with suppress(ProviderError):  # the first error says more; the next run on the backups removes what is left
            drop_asides(context, tuple(restored))
        raise
    return tuple(restored)


def roles_of(context: BackupContext, file: StoredFile) -> str:
    """The statements of a file of roles. Raises BackupFault if it is not as it was written."""
    with context.vault.reading(file.key, file) as source:
        return source.read().decode()


def drop_asides(context: BackupContext, asides: tuple[tuple[Instance, Aside], ...]) -> None:
    """Remove what was restored beside. Gone already: success."""
    drop_volumes(context, "restored")
    for server, aside in asides:
        context.fenced(partial(context.databases.drop, server, aside))


def _restore(context: BackupContext, server: Instance, copy: DatabaseCopy, aside: Aside) -> None:
    try:
        with context.vault.reading(copy.file.key, copy.file) as source:
            context.fenced(partial(context.databases.restore, server, aside, source, copy.locale))
    except TransientError:
        raise  # it says nothing of the backup
    except (OutOfResources, DiskFull) as lack:
        raise OutOfResources(f"{copy.name} cannot be restored now: {lack}") from lack
    except ProviderError as error:
        raise BackupFault(f"{copy.name} cannot be restored: {error}") from error
    faults = list(differences(copy.content, context.databases.content(server, str(aside))))
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise BackupFault(f"{copy.name} was restored and differs: {'; '.join(faults[:_SHOWN])}{more}")


def _server(context: BackupContext, servers: Mapping[str, Instance], copy: DatabaseCopy) -> Instance:
    """The server that a database belongs on. Raises PlanError if there is none, or an older PostgreSQL."""
    server = servers.get(copy.address)
    if server is None:
        raise PlanError(f"{context.stack.name} has no {copy.address}, which this backup holds. Provision it first.")
    versions = [info.version for info in context.databases.inventory(server)]
    if versions and copy.version > versions[0]:
        raise PlanError(
            f"This backup is of PostgreSQL {copy.version}, and {server.address} of {server.stack} runs {versions[0]}. "
            "An older one cannot read it."
        )
    return server


def _require_room(context: BackupContext, server: Instance, copy: DatabaseCopy) -> None:
    needed, free = int(copy.size * _ROOM), context.databases.free_bytes(server)
    if free < needed:
        raise NoRoom(
            f"there is no room to restore {copy.name} beside itself: {needed} bytes are needed, {free} are free, "
            f"{needed - free} are missing"
        )
