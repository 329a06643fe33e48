"""Routes as records in the stack's folder, and the folder that its proxy reads."""

from collections.abc import Iterable, Mapping
from pathlib import PurePath
from typing import Any

from tasks.providers.envoy import config_push
from tasks.providers.envoy.admin_state import View
from tasks.providers.local import admin
from tasks.providers.local.files import read_json, write_json
from tasks.providers.local.stack_folder import Place


def records(place: Place) -> tuple[dict[str, Any], ...]:
    """Every route's record, by name."""
    if not place.routes.is_dir():
        return ()
    found = (read_json(path) for path in sorted(place.routes.glob("[!.]*.json")))
    return tuple(record for record in found if record is not None)


def publish(place: Place, told: Iterable[Mapping[str, Any]], *, waiting: bool = True) -> None:
    """Make the proxy's files say what these records say. Nothing if the stack has no proxy."""
    if place.proxy.is_dir():
        config_push.publish(Folder(place), told, waiting=waiting)


class Folder:
    """A `ProxyFolder` on this machine."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._path = place.proxy

    @property
    def path(self) -> PurePath:
        return self._path

    def read(self) -> Mapping[str, Any]:
        names = ("clusters.json", *(path.name for path in self._path.glob("endpoints-*.json")))
        return {name: read_json(self._path / name) for name in names}

    def write(self, files: Mapping[str, Any]) -> None:
        owner = self._place.owner
        for name, data in files.items():
            write_json(self._path / name, data, owner=owner)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            (self._path / name).unlink(missing_ok=True)

    def view(self) -> View | None:
        return admin.view(self._path)

    def routes_version(self) -> str | None:
        return admin.routes_version(self._path)
