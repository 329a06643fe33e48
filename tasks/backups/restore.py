"""Restore a backup: its databases beside the stack's own first, and then in their place."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

from infra_specs.backup.manifest import Manifest
from infra_specs.backup.names import Aside, Role
from infra_specs.backup.parts import RestoredParts
from infra_specs.resources.instance import Instance
from tasks.backups.context import BackupContext, current
from tasks.backups.prove import restore_beside, roles_of
from tasks.backups.volumes import exchange_volumes, volumes_of
from tasks.providers.seam.parts import Exchange
from tasks.run.retry import retryable_task


@retryable_task("restore {manifest.name} beside the data")
async def restore_copies(manifest: Manifest) -> None:
    """Restore every database of a backup beside the stack's own, and compare. Missing roles are made first.

    Raises BackupFault, and leaves nothing behind, if a copy is not as the backup says.
    """
    await asyncio.to_thread(_restore_copies, current(), manifest)


@retryable_task("exchange the databases")
async def exchange(parts: RestoredParts, *, back: bool = False) -> None:
    """Put the restored databases in the place of the stack's own, all of a server or none; `back` undoes that."""
    await asyncio.to_thread(_exchange, current(), parts, back=back)


@retryable_task("remove the {role} databases")
async def remove_asides(role: Role) -> None:
    """Remove every database of this role beside the stack's own."""
    await asyncio.to_thread(drop_role, current(), role)


def tidy(context: BackupContext) -> tuple[str, ...]:
    """Remove every restored copy that an ended run left, and return their names. What was replaced stays.

    What was exchanged in part is told by the ledger, and can be put back after this.
    """
    return drop_role(context, "restored")


def put_back(context: BackupContext, parts: RestoredParts) -> None:
    """Exchange what a restore put in the place of the stack's own, whatever of it was exchanged. Needs no store."""
    _exchange(context, parts, back=True)


def drop_role(context: BackupContext, role: Role, backup: str = "") -> tuple[str, ...]:
    """Remove what has this role beside the stack's data, of one backup if it is named. Returns what was removed."""
    gone: list[str] = []
    for instance, drop, aside in _asides(context):
        if aside.role == role and backup in ("", aside.backup):
            context.fenced(partial(drop, instance, aside))
            gone.append(f"{instance.address} {aside}")
    return tuple(gone)


def _asides(context: BackupContext) -> list[tuple[Instance, Callable[[Instance, Aside], None], Aside]]:
    """All that is ours beside the stack's data: where it is, and what removes it."""
    servers, files = context.servers(), context.provider.volume_files
    named = ((server, Aside.parse(info.name)) for server in servers for info in context.databases.inventory(server))
    beside = [(server, context.databases.drop, aside) for server, aside in named if aside]
    volumes = volumes_of(context) if files else ()
    return [*beside, *((volume, files.drop, aside) for volume in volumes if files for aside in files.asides(volume))]


def _restore_copies(context: BackupContext, manifest: Manifest) -> None:
    drop_role(context, "replaced", manifest.name)  # of an earlier restore of it: none of this one is exchanged yet
    for server in context.servers():
        if roles := manifest.roles.get(server.address):
            context.fenced(partial(context.databases.restore_roles, server, roles_of(context, roles)))
    restore_beside(context, manifest)


def _exchange(context: BackupContext, parts: RestoredParts, *, back: bool) -> None:
    exchange_volumes(context, parts, back=back)
    for server, exchanges in _exchanges(context, parts):
        present = {info.name for info in context.databases.inventory(server)}
        # Done already are those whose restored database has the name by now: the answer of an earlier try was lost.
        waiting = [exchange for exchange in exchanges if str(exchange.incoming) in present]
        done = [exchange.undone for exchange in exchanges if exchange not in waiting]
        todo = [exchange for exchange in done if str(exchange.incoming) in present] if back else waiting
        if todo:
            context.fenced(partial(context.databases.exchange, server, todo))


def _exchanges(context: BackupContext, parts: RestoredParts) -> Iterator[tuple[Instance, list[Exchange]]]:
    for server in context.servers():
        numbered = enumerate(parts.databases)
        own = [(number, name) for number, (address, name) in numbered if address == server.address]
        yield (
            server,
            [
                Exchange(name, Aside("restored", parts.backup, number), Aside("replaced", parts.backup, number))
                for number, name in own
            ],
        )
