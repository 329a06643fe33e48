"""Write a backup: each database of a stack with what it holds, the roles, and the manifest last."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from infra_specs.backup.manifest import DatabaseCopy, Manifest, StoredFile, VolumeCopy, fall_of
from infra_specs.backup.names import Aside
from infra_specs.backup.state import Fall
from infra_specs.catalogue.database import VOLUME
from infra_specs.errors import PlanError
from infra_specs.resources.instance import Instance
from tasks.backups.catalog import key_of, newest_proven_in, read_manifest, write_manifest
from tasks.backups.context import BackupContext, current
from tasks.backups.volumes import copy_volumes, has_data
from tasks.base.clock import now
from tasks.providers.seam.parts import DatabaseInfo
from tasks.run.retry import retryable_task

_NOT_YET = "this version does not back it up on this target"


@retryable_task("write {name}")
async def write_backup(name: str, began: float, release: int) -> Manifest:
    """Write the backup of this name, and return its manifest. Killed before its end, there is no backup."""
    return await asyncio.to_thread(_write, current(), name, began, release)


def _write(context: BackupContext, name: str, began: float, release: int) -> Manifest:
    servers = context.servers()
    if not has_data(context):
        raise PlanError(
            f"{context.stack.name} has no data that can be backed up on the {context.provider.target} target."
        )
    copies, roles = list[DatabaseCopy](), dict[str, StoredFile]()
    stack = context.stack.name
    for server in servers:
        for info in context.databases.inventory(server):
            if Aside.parse(info.name) is None:
                copies.append(_copy(context, server, info, key_of(stack, name, f"database-{len(copies)}.age")))
        with context.vault.writing(key_of(stack, name, f"roles-{len(roles)}.age")) as file:
            context.databases.dump_roles(server, file.sink)
        roles[server.address] = file.stored
    volumes = copy_volumes(context, name)
    missing = _missing(context, volumes)
    manifest = Manifest(
        stack, name, began, now(), context.provider.target, release, tuple(copies), roles, missing, volumes
    )
    manifest = replace(manifest, fall=_fall(context, manifest))
    context.fenced(lambda: write_manifest(context.vault, manifest))
    return manifest


def _copy(context: BackupContext, server: Instance, info: DatabaseInfo, key: str) -> DatabaseCopy:
    with context.vault.writing(key) as file:
        content = context.databases.dump(server, info.name, file.sink)
    return DatabaseCopy(server.address, info.name, info.size, info.version, content, file.stored, info.locale)


def _fall(context: BackupContext, manifest: Manifest) -> Fall | None:
    """What it has less than half of, compared with the newest backup that counts."""
    before = newest_proven_in(context.vault, manifest.stack)
    return fall_of(read_manifest(context.vault, manifest.stack, before.name), manifest) if before else None


def _missing(context: BackupContext, volumes: Sequence[VolumeCopy]) -> Mapping[str, str]:
    """What holds data and is not in the backup."""
    observed = context.provider.observe(context.stack.name)
    copied = {VOLUME, *(copy.address for copy in volumes)}
    return {instance.address: _NOT_YET for instance in observed if instance.stateful and instance.address not in copied}
