"""The kind `proxy`: an Envoy whose files lie in a volume of the stack, and what it says when it is asked.

Its admin interface listens on the container's own loopback, so only what is executed inside reaches it.
"""

import http.client
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath
from shlex import quote as quoted
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError
from docker.types import Mount

from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.resource import Resource
from infra_specs.sizing.connections import connection_limit
from tasks.providers.docker.container import Container, archive
from tasks.providers.docker.desired_settings import DesiredContainer
from tasks.providers.docker.engine import Engine, said
from tasks.providers.docker.labels import name_of, part_of
from tasks.providers.docker.ports import LOCAL_PORT, ProxyPorts
from tasks.providers.docker.shell import ShellEnded
from tasks.providers.envoy import listener, tls
from tasks.providers.envoy.admin_state import (
    CLUSTERS_PATH,
    LISTENERS_PATH,
    ROUTES_PATH,
    AdminState,
    parse_admin_state,
    routes_version_of,
)
from tasks.providers.envoy.config_push import await_certificate, await_listeners
from tasks.providers.envoy.counting import COUNTING_PATHS, traffic_of
from tasks.providers.envoy.files import DRAINING, bootstrap
from tasks.providers.seam.traffic import Traffic

FOLDER_PATH = PurePosixPath("/etc/tenfold")
ADMIN_PORT = 9901
_ADMIN_ADDRESS = {"socket_address": {"address": "127.0.0.1", "port_value": ADMIN_PORT}}
_OPTIONS = (
    "--disable-hot-restart",
    "--reject-unknown-dynamic-fields",
    *DRAINING,
    "--concurrency",
    "2",
    "-l",
    "warning",
)
_MAX_OPEN_FILES = 524_288
"""Files that a program in a container may open, unless somebody lowered what engines give."""
_EXCHANGE_SCRIPT = "(exec 3<>/dev/tcp/127.0.0.1/{} && printf %s {} >&3 && timeout {} cat <&3)"
_REQUEST = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: {}\r\n\r\n"


def volume_of(stack: str) -> str:
    """The name of the volume that a stack's proxy reads."""
    return name_of(stack, part="proxy")


def proxy(resource: Resource, ports: ProxyPorts, host_address: str) -> DesiredContainer:
    """What runs it, published at these ports of the engine; `outside` is the engine's address for its neighbours."""
    settings: Any = resource.settings
    labels = part_of(resource.stack, "proxy")
    volume = Mount(str(FOLDER_PATH), volume_of(resource.stack), type="volume", no_copy=True, labels=labels)
    container = Container(
        settings["image"],
        ("envoy", "-c", str(FOLDER_PATH / "bootstrap.json"), *_OPTIONS),
        user="envoy",
        volumes={"files": volume},
        scratch=("/tmp",),  # noqa: S108 - of the container
        ports=ports.published,
    )
    return DesiredContainer(container, (), ports.outputs(resource, host_address), {"kind": "tcp", "port": LOCAL_PORT})


def first_files(api: APIClient, resource: Resource, ports: ProxyPorts) -> dict[str, Any]:
    """What it must find at its start, routes aside."""
    listener_files = ports.files(resource, FOLDER_PATH, _connections(api))
    return {"bootstrap.json": bootstrap(resource.stack, FOLDER_PATH, _ADMIN_ADDRESS), **listener_files}


def change_listeners(api: Engine, container: str, resource: Resource, ports: ProxyPorts) -> None:
    """Have one that runs take in its certificate, whom it trusts and how long it waits; no request is lost."""
    folder, files = Folder(api, container), ports.files(resource, FOLDER_PATH, _connections(api))
    for name, data in files.items():
        folder.write({name: data})
    if tls.CERTIFICATE_FILE in files:
        pem = str(resource.settings["tls"])
        await_certificate(lambda: _get(api, container, tls.CERTIFICATES_PATH)[0], pem, resource.address)
    version = files[listener.FILE]["version_info"]
    await_listeners(lambda: _get(api, container, LISTENERS_PATH)[0], version, resource.address)
    if tls.CERTIFICATE_FILE not in files:
        folder.remove([tls.CERTIFICATE_FILE])


def _connections(api: APIClient) -> int:
    return connection_limit(int(api.info()["MemTotal"]), _MAX_OPEN_FILES)


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
        return view(self._api, self._container)

    def routes_version(self) -> str | None:
        return routes_version_of(*_get(self._api, self._container, ROUTES_PATH))

    def _texts(self) -> dict[str, str]:
        """Every file by name, as it was found and changed since."""
        if self._files_by_name is None:
            output = self._done(r"""for f in *; do IFS= read -rd '' text <"$f"; printf '%s\0%s\0' "$f" "$text"; done""")
            words = output.decode().split("\0")[:-1]
            self._files_by_name = dict(zip(words[::2], words[1::2], strict=True))
        return self._files_by_name

    def _done(self, script: str) -> bytes:
        try:
            code, output = self._api.inside(self._container, f"umask 022; cd {FOLDER_PATH} && {script}")
        except APIError as error:
            raise TransientError(f"the proxy's container takes no command: {said(error)}") from error
        if code:
            raise ProviderError(f"the proxy's files could not be changed: a command in its container ended with {code}")
        return output


class FirstFiles:
    """A `ProxyFolder` for a proxy that does not run yet: everything is put there at once."""

    path = FOLDER_PATH

    def __init__(self, files: Mapping[str, Any]) -> None:
        self._files = dict(files)

    def read(self) -> Mapping[str, Any]:
        return {}

    def write(self, files: Mapping[str, Any]) -> None:
        self._files.update(files)

    def remove(self, names: Iterable[str]) -> None:
        """Nothing is there."""

    def admin_state(self) -> AdminState | None:
        return None

    def routes_version(self) -> str | None:
        return None

    def put(self, api: Engine, container: str) -> None:
        """Into the container's volume."""
        texts = {name: _text(data) for name, data in self._files.items()}
        api.put_archive(container, str(FOLDER_PATH), archive(texts))


def view(api: Engine, container: str) -> AdminState | None:
    """Every cluster and endpoint that this proxy uses by now; None if it does not answer."""
    return parse_admin_state(*_get(api, container, CLUSTERS_PATH))


def traffic(api: Engine, container: str) -> dict[str, Traffic]:
    """What this proxy counted, by service; nothing if it does not answer within a second."""
    return traffic_of(*_get(api, container, *COUNTING_PATHS, seconds=1))


def run(api: Engine, container: str, command: list[str], user: str = "0") -> tuple[int, bytes, bytes]:
    """Run a command in a container; its exit code, output and error output."""
    created = api.exec_create(container, command, user=user)
    output, errors = api.exec_start(created["Id"], demux=True)
    code = api.exec_inspect(created["Id"])["ExitCode"]
    return int(code if code is not None else -1), output or b"", errors or b""


class _Answers(io.BytesIO):
    """What was read already, where a socket is expected: answer after answer."""

    def makefile(self, *_: Any) -> "_Answers":
        return self

    def close(self) -> None:
        """Who has read one answer closes it; the next is still to be read."""


def _get(api: Engine, container: str, *targets: str, seconds: int = 3) -> list[bytes | None]:
    """An answer for each of the targets, asked all at once; None for all of them if any is missing."""
    requests = [_REQUEST.format(target, "close" if target is targets[-1] else "keep-alive") for target in targets]
    command = _EXCHANGE_SCRIPT.format(ADMIN_PORT, quoted("".join(requests)), seconds)
    missing: list[bytes | None] = [None] * len(targets)
    try:
        code, output = api.inside(container, command)
    except (APIError, ShellEnded):
        return missing  # it does not run
    if code or not output:
        return missing
    try:
        return _read(output, len(targets))
    except http.client.HTTPException:
        return missing


def _read(output: bytes, count: int) -> list[bytes | None]:
    answers: Any = _Answers(output)
    bodies: list[bytes | None] = []
    for _ in range(count):
        answer = http.client.HTTPResponse(answers)
        answer.begin()
        bodies.append(answer.read())
    return bodies


def _text(data: Any) -> str:
    return json.dumps(data, sort_keys=True, indent=1)


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
