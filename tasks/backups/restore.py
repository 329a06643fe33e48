"""Restore a backup: its databases beside the stack's own first, and then in their place."""

import asyncio
from collections.abc import Iterator
from functools import partial

from infra_specs.backup.manifest import Manifest
from infra_specs.backup.names import Aside, Role
from infra_specs.resources.instance import Instance
from tasks.backups.context import BackupContext, current
from tasks.backups.prove import restore_beside, roles_of
from tasks.backups.volumes import drop_volumes, exchange_volumes
from tasks.providers.seam.parts import Exchange
from tasks.run.retry import retryable_task


@retryable_task("restore {manifest.name} beside the data")
async def restore_copies(manifest: Manifest) -> None:
    """Restore every database of a backup beside the stack's own, and compare. Missing roles are made first.

    Raises BackupFault, and leaves nothing behind, if a copy is not as the backup says.
    """
    await asyncio.to_thread(_restore_copies, current(), manifest)


@retryable_task("exchange the databases")
async def exchange(manifest: Manifest, *, back: bool = False) -> None:
    """Put the restored databases in the place of the stack's own, all of a server or none; `back` undoes that."""
    await asyncio.to_thread(_exchange, current(), manifest, back=back)


@retryable_task("remove the {role} databases")
async def remove_asides(role: Role) -> None:
    """Remove every database of this role beside the stack's own."""
    await asyncio.to_thread(drop_role, current(), role)


def drop_role(context: BackupContext, role: Role) -> None:
    """As `remove_asides`, in this thread."""
    drop_volumes(context, role)
    for server in context.servers():
        for info in context.databases.inventory(server):
            aside = Aside.parse(info.name)
            if aside and aside.role == role:
                context.fenced(partial(context.databases.drop, server, aside))


def _restore_copies(context: BackupContext, manifest: Manifest) -> None:
    for server in context.servers():
        if roles := manifest.roles.get(server.address):
            context.fenced(partial(context.databases.restore_roles, server, roles_of(context, roles)))
    restore_beside(context, manifest)


def _exchange(context: BackupContext, manifest: Manifest, *, back: bool) -> None:
    exchange_volumes(context, manifest, back=back)
    for server, exchanges in _exchanges(context, manifest):
        present = {info.name for info in context.databases.inventory(server)}
        # Done already are those whose restored database has the name by now: the answer of an earlier try was lost.
        waiting = [exchange for exchange in exchanges if str(exchange.incoming) in present]
        done = [exchange.undone for exchange in exchanges if exchange not in waiting]
        todo = [exchange for exchange in done if str(exchange.incoming) in present] if back else waiting
        if todo:
            context.fenced(partial(context.databases.exchange, server, todo))


def _exchanges(context: BackupContext, manifest: Manifest) -> Iterator[tuple[Instance, list[Exchange]]]:
    for server in context.servers():
        numbered = enumerate(manifest.databases)
        own = [(number, copy.name) for number, copy in numbered if copy.address == server.address]
        yield (
            server,
            [
                Exchange(name, Aside("restored", manifest.name, number), Aside("replaced", manifest.name, number))
                for number, name in own
            ],
        )
