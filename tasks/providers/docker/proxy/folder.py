"""The folder that a proxy reads, in a volume of its stack."""

import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from shlex import quote as quoted
from typing import Any

from docker.errors import APIError

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.docker.containers.container import archive
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import engine_message
from tasks.providers.docker.proxy import admin
from tasks.providers.envoy.admin_state import AdminState

FOLDER_PATH = PurePosixPath("/etc/tenfold")


class Folder:
    """A `ProxyFolder` in the volume of a proxy that runs, which nobody else changes meanwhile.

    Files are replaced by rename, by commands inside that need few programs: each costs a busy machine milliseconds.
    """

    def __init__(self, api: Engine, container: str) -> None:
        self._api, self._container = api, container
        self._files_by_name: dict[str, str] | None = None

    @property
    def path(self) -> PurePosixPath:
        return FOLDER_PATH

    def read(self) -> Mapping[str, Any]:
        return {name: _data(text) for name, text in self._texts().items()}

    def write(self, files: Mapping[str, Any]) -> None:
        current, texts = self._texts(), {name: _text(data) for name, data in files.items()}
        fresh = {name: text for name, text in texts.items() if current.get(name) != text}
        if not fresh:
            return
        write_commands = " && ".join(f"printf %s {quoted(text)} >.new/{quoted(name)}" for name, text in fresh.items())
        new_files = " ".join(f".new/{quoted(name)}" for name in fresh)
        self._done(f"{{ [ -d .new ] || mkdir .new; }} && {write_commands} && mv -f {new_files} .")
        current.update(fresh)

    def remove(self, names: Iterable[str]) -> None:
        removed = list(names)
        if removed:
            self._done(f"rm -f {' '.join(map(quoted, removed))}")
            for name in removed:
                self._texts().pop(name, None)

    def admin_state(self) -> AdminState | None:
        return admin.admin_state(self._api, self._container)

    def routes_version(self, name: str) -> str | None:
        return admin.routes_version(self._api, self._container, name)

    def _texts(self) -> dict[str, str]:
        """Every file by name, as it was read and changed since."""
        if self._files_by_name is None:
            output = self._done(r"""for f in *; do IFS= read -rd '' text <"$f"; printf '%s\0%s\0' "$f" "$text"; done""")
            words = output.decode().split("\0")[:-1]
            self._files_by_name = dict(zip(words[::2], words[1::2], strict=True))
        return self._files_by_name

    def _done(self, script: str) -> bytes:
        try:
            code, output = self._api.inside(self._container, f"umask 022; cd {FOLDER_PATH} && {script}")
        except APIError as error:
            raise TransientError(f"the proxy's container takes no command: {engine_message(error)}") from error
        if code:
            raise ProviderError(f"the proxy's files could not be changed: a command in its container ended with {code}")
        return output


class FirstFiles:
    """A `ProxyFolder` for a proxy that does not run yet: everything is put there at once."""

    path = FOLDER_PATH

    def __init__(self, files: Mapping[str, Any]) -> None:
        self._files = dict(files)

    def read(self) -> Mapping[str, Any]:
        return dict(self._files)

    def write(self, files: Mapping[str, Any]) -> None:
        self._files.update(files)

    def remove(self, names: Iterable[str]) -> None:
        """Nothing is there."""

    def admin_state(self) -> AdminState | None:
        return None

    def routes_version(self, name: str) -> str | None:  # noqa: ARG002 - it does not run yet
        return None

    def put(self, api: Engine, container: str) -> None:
        """Into the container's volume."""
        texts = {name: _text(data) for name, data in self._files.items()}
        api.put_archive(container, str(FOLDER_PATH), archive(texts))


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, indent=1)


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
