"""The volumes of a stack's services in a backup: read, put beside what they hold, compared, and exchanged."""

from collections.abc import Iterator, Mapping
from functools import partial

from infra_specs.backup.manifest import Manifest, VolumeCopy, file_differences
from infra_specs.backup.names import Aside, Role
from infra_specs.backup.parts import RestoredParts
from infra_specs.catalogue import database, queue
from infra_specs.errors import BackupFault, DiskFull, NoRoom, OutOfResources, PlanError, ProviderError, TransientError
from infra_specs.resources.instance import Instance
from tasks.backups.catalog import key_of
from tasks.backups.context import BackupContext
from tasks.providers.seam.parts import VolumeFiles

_SHOWN = 5
"""Differences that a reason names."""
_ROOM = 1.1
_NEEDS = (database.VOLUME, queue.VOLUME)
"""The volumes that belong to needs: their files mean nothing while their server runs."""


def volumes_of(context: BackupContext) -> tuple[Instance, ...]:
    """The volumes of the stack's services, where the target can read their files: failed ones, too.

    An exchange that was killed leaves a volume without its folder until somebody asks what is beside it.
    """
    if context.provider.volume_files is None:
        return ()
    observed = context.provider.observe(context.stack.name)
    volumes = (instance for instance in observed if instance.kind == "volume" and not instance.ending)
    newest = {instance.address: instance for instance in volumes if instance.address not in _NEEDS}
    return tuple(newest[address] for address in sorted(newest))


def has_data(context: BackupContext) -> bool:
    """Whether there is anything of the stack to back up. Raises PlanError if a database does not run."""
    return bool(context.servers() or volumes_of(context))


def copy_volumes(context: BackupContext, name: str) -> tuple[VolumeCopy, ...]:
    """Write the files of every volume into the backup of this name."""
    copies: list[VolumeCopy] = []
    for volume in volumes_of(context):
        with context.vault.writing(key_of(context.stack.name, name, f"volume-{len(copies)}.age")) as file:
            content = _files(context).read(volume, file.sink)
        copies.append(VolumeCopy(volume.address, content, file.stored))
    return tuple(copies)


def put_beside(context: BackupContext, manifest: Manifest) -> None:
    """Restore every volume of a backup beside itself, and compare. Raises BackupFault; leaves nothing behind then."""
    for volume, number, copy in _pairs(context, manifest):
        aside = Aside("restored", manifest.name, number)
        needed, free = int(copy.content.size * _ROOM), _files(context).free_bytes(volume)
        if free < needed:
            raise NoRoom(
                f"there is no room to restore {copy.address} beside itself: {needed} bytes are needed, {free} are "
                f"free, {needed - free} are missing"
            )
        try:
            with context.vault.reading(copy.file.key, copy.file) as source:
                context.fenced(partial(_files(context).put, volume, aside, source))
        except TransientError:
            raise  # it says nothing of the backup
        except (OutOfResources, DiskFull) as lack:
            raise OutOfResources(f"{copy.address} cannot be restored now: {lack}") from lack
        except ProviderError as error:
            raise BackupFault(f"{copy.address} cannot be restored: {error}") from error
        faults = list(file_differences(copy.content, _files(context).content(volume, aside)))
        if faults:
            more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
            raise BackupFault(f"{copy.address} was restored and differs: {'; '.join(faults[:_SHOWN])}{more}")


def exchange_volumes(context: BackupContext, parts: RestoredParts, *, back: bool) -> None:
    """Put the restored volumes in the place of the stack's own; `back` undoes that. Done already: success.

    A volume that the stack has no more cannot be exchanged: there is none to put back, and else it raises PlanError.
    """
    volumes = {volume.address: volume for volume in volumes_of(context)} if parts.volumes else {}
    for number, address in enumerate(parts.volumes):
        if back and address not in volumes:
            continue
        volume = _volume(context, volumes, address)
        incoming, outgoing = Aside("restored", parts.backup, number), Aside("replaced", parts.backup, number)
        present = _files(context).asides(volume)
        if back and incoming not in present and outgoing in present:
            context.fenced(partial(_files(context).exchange, volume, outgoing, incoming))
        elif not back and incoming in present:
            context.fenced(partial(_files(context).exchange, volume, incoming, outgoing))


def drop_volumes(context: BackupContext, role: Role) -> tuple[str, ...]:
    """Remove every folder of this role beside a volume, and return what was removed."""
    gone: list[str] = []
    for volume in volumes_of(context):
        for aside in _files(context).asides(volume):
            if aside.role == role:
                context.fenced(partial(_files(context).drop, volume, aside))
                gone.append(f"{volume.address} {aside}")
    return tuple(gone)


def _pairs(context: BackupContext, manifest: Manifest) -> Iterator[tuple[Instance, int, VolumeCopy]]:
    """Each volume of the stack with its number and its copy in the backup. Raises PlanError if there is none."""
    volumes = {volume.address: volume for volume in volumes_of(context)} if manifest.volumes else {}
    for number, copy in enumerate(manifest.volumes):
        yield _volume(context, volumes, copy.address), number, copy


def _volume(context: BackupContext, volumes: Mapping[str, Instance], address: str) -> Instance:
    if address not in volumes:
        raise PlanError(f"{context.stack.name} has no {address}, which this backup holds. Provision it first.")
    return volumes[address]


def _files(context: BackupContext) -> VolumeFiles:
    assert context.provider.volume_files is not None
    return context.provider.volume_files
