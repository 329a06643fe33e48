"""The kind `volume`: a folder for data, with its record beside it, so that it outlives everything else of its stack."""

from collections.abc import Iterable
from pathlib import Path

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.labels import instance_of, readable, record_of
from tasks.providers.local.accounts.identity import give_volume
from tasks.providers.local.files import make_folder, read_json, remove_tree, write_json
from tasks.providers.local.kinds.recorded import Recorded
from tasks.providers.local.stack_folder import StackFolder, slug, stack_folder_of
from tasks.providers.local.volume_files import put_back


class Volumes(Recorded):
    """The driver of volumes. Data that is there is left alone; it goes with its volume."""

    def list(self, stack: str) -> Iterable[Instance]:
        return volumes(stack_folder_of(self._home, stack))

    def put(self, stack_folder: StackFolder, resource: Resource, incarnation: int) -> None:
        put_volume(stack_folder, resource, incarnation)

    def remove(self, stack_folder: StackFolder, instance: Instance) -> None:
        folder = _folder(stack_folder, instance.address, instance.incarnation)
        remove_tree(folder)
        _record(folder).unlink(missing_ok=True)


def put_volume(stack_folder: StackFolder, resource: Resource, incarnation: int) -> None:
    """The folder first: a record without a folder would be a promise not kept. Data that is there is left alone."""
    folder = _folder(stack_folder, resource.address, incarnation)
    if not folder.is_dir() and not put_back(folder):
        make_folder(folder)
    if not _record(folder).is_file():  # with one, a program from before may still be at work on it
        give_volume(stack_folder, folder)
    write_json(_record(folder), record_of(resource, incarnation, {"path": str(folder)}))


def volumes(stack_folder: StackFolder) -> Iterable[Instance]:
    """Every volume. One whose folder somebody removed is failed."""
    if not stack_folder.volumes.is_dir():
        return
    for path in sorted(stack_folder.volumes.glob("[!.]*.json")):
        record = read_json(path)
        if record is None:
            continue
        exists = path.with_suffix("").is_dir()
        reason = "its folder is there" if exists else f"its folder {path.with_suffix('')} is gone"
        with readable(path.name):
            labels, since = record["labels"], record["since"]
        yield instance_of(labels, Health("healthy" if exists else "failed", reason, since))


def _folder(stack_folder: StackFolder, address: str, incarnation: int) -> Path:
    return stack_folder.volumes / slug(address, incarnation)


def _record(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")
