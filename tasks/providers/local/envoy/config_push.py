"""Routes as records in the stack's folder, and the folder that its proxy reads."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from tasks.providers.envoy import config_push, plain_http
from tasks.providers.envoy.admin_state import AdminState
from tasks.providers.local.envoy import admin
from tasks.providers.local.files import read_json, write_json
from tasks.providers.local.stack_folder import StackFolder


def records(stack_folder: StackFolder) -> tuple[dict[str, Any], ...]:
    """Every route's record, by name."""
    if not stack_folder.routes.is_dir():
        return ()
    records_read = (read_json(path) for path in sorted(stack_folder.routes.glob("[!.]*.json")))
    return tuple(record for record in records_read if record is not None)


def push_config(stack_folder: StackFolder, records: Iterable[Mapping[str, Any]], *, waiting: bool = True) -> None:
    """Make the proxy's files say what these records say. Nothing if the stack has no proxy."""
    if stack_folder.proxy.is_dir():
        config_push.push_config(Folder(stack_folder), records, waiting=waiting)


class Folder:
    """A `ProxyFolder` on this machine."""

    def __init__(self, stack_folder: StackFolder) -> None:
        self._stack_folder = stack_folder
        self._path = stack_folder.proxy

    @property
    def path(self) -> PurePath:
        return self._path

    def read(self) -> Mapping[str, Any]:
        names = ("clusters.json", plain_http.FILE, *(path.name for path in self._path.glob("endpoints-*.json")))
        return {name: read_json(self._path / name) for name in names}

    def write(self, files: Mapping[str, Any]) -> None:
        owner = self._stack_folder.owner
        for name, data in files.items():
            write_json(self._path / name, data, owner=owner)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._path / name).unlink(missing_ok=True)

    def admin_state(self) -> AdminState | None:
        return admin.admin_state(self._path)

    def routes_version(self, name: str) -> str | None:
        return admin.routes_version(self._path, name)
