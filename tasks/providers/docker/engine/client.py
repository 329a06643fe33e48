"""The client of the engine that many threads can use, and scripts inside of its containers."""

import threading
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError, DockerException, InvalidConfigFile
from docker.utils import kwargs_from_env

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.docker.commands.attached import CHUNK_BYTES, STDERR, Frames
from tasks.providers.docker.engine.coalesce import SingleFlight
from tasks.providers.docker.engine.errors import root_cause
from tasks.providers.docker.engine.shell import Shell, ShellEnded
from tasks.providers.docker.labels import only

MAX_CONNECTIONS = 64
"""Connections that are kept; more threads than that wait for nobody, but open one each."""
CONNECT_SECONDS = 10
"""The first question, after its version, has a quick answer: an engine that accepts and says nothing is found here."""
ANSWER_SECONDS = 120
"""The engine's slowest answers (a stop with a long grace, a busy disk) take as long."""
DEFAULT_HOST = "unix:///var/run/docker.sock"

Listed = list[dict[str, Any]]
"""Containers or volumes, as the engine lists them."""


class Engine(APIClient):
    """The engine. Scripts inside of its containers run in shells that are kept open until it is closed."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._shells: dict[str, Shell] = {}
        self._guard = threading.Lock()
        self._containers = SingleFlight(self._list_containers)
        self._volumes = SingleFlight(self._list_volumes)

    def containers_of(self, stack: str) -> Listed:
        """A stack's containers, whatever their state, as the engine lists them."""
        return self._containers(stack)

    def volumes_of(self, stack: str) -> Listed:
        """A stack's volumes: data, annotations and parts of containers."""
        return self._volumes(stack)

    def inside(self, container: str, script: str) -> tuple[int, bytes]:
        """The exit code and output of a bash script that root runs in a container.

        Raises APIError if it does not run, ShellEnded if it ends meanwhile; then the script may have run.
        """
        with self._guard:
            shell = self._shells.get(container)
        if shell is not None:
            try:
                return shell.run(script)
            except ShellEnded:
                with self._guard:
                    if self._shells.get(container) is shell:
                        del self._shells[container]
        return self._opened(container).run(script)

    def run(self, container: str, command: list[str]) -> tuple[int, bytes, bytes]:
        """The exit code, output and error output of a command that root runs in a container."""
        created = self.exec_create(container, command, user="0")
        output, errors = _printed(self.exec_start(created["Id"], socket=True))
        code = self.exec_inspect(created["Id"])["ExitCode"]
        return int(code if code is not None else -1), output, errors

    def is_stopped(self, container: Mapping[str, Any]) -> bool:
        """Whether what works in an inspected container is stopped (state T): all its processes without children."""
        try:
            listed: Mapping[str, Any] = self.top(container["Id"], "-o pid,ppid,stat")
        except APIError:
            return False  # it has ended, or the engine's machine has another ps
        return is_all_stopped(listed)

    def sockets(self, container: Mapping[str, Any]) -> str:
        """What the kernel says of the sockets in an inspected container; empty where its image cannot show a file."""
        try:
            _, output, _ = self.run(container["Id"], ["cat", "/proc/net/tcp", "/proc/net/tcp6"])
        except APIError:
            return ""
        return output.decode(errors="replace")

    def close(self) -> None:
        """Every connection, and with them the shells."""
        with self._guard:
            for shell in self._shells.values():
                shell.close()
            self._shells.clear()
        super().close()

    def _list_containers(self, stack: str) -> Listed:
        # Of a container that ends while it is listed, the engine says null for a list.
        return [
            {**container, "Names": container["Names"] or [], "Mounts": container["Mounts"] or []}
            for container in self.containers(all=True, filters=only(stack))
        ]

    def _list_volumes(self, stack: str) -> Listed:
        return list(self.volumes(filters=only(stack)).get("Volumes") or ())

    def _opened(self, container: str) -> Shell:
        with self._guard:
            if container not in self._shells:
                self._shells[container] = Shell(self, container)
            return self._shells[container]


def _printed(stream: Any) -> tuple[bytes, bytes]:
    """All that a command printed, and all that it printed as errors. docker-py's own reader loses what comes together
    with the answer's head."""
    response, frames = stream._response, Frames()
    parts: tuple[bytearray, bytearray] = (bytearray(), bytearray())
    try:
        while piece := response.raw._fp.fp.read1(CHUNK_BYTES):
            for number, data in frames.take(piece):
                parts[number == STDERR].extend(data)
    finally:
        response.close()  # before its stream: it flushes what it has
        stream.close()
    return bytes(parts[0]), bytes(parts[1])


def is_all_stopped(processes: Mapping[str, Any]) -> bool:
    """Whether all processes without children are stopped (state T), as `top` lists pid, ppid and stat.

    False if there are none: the engine lists null for a container that ends while it is asked.
    """
    if not processes["Processes"]:
        return False
    columns = [processes["Titles"].index(title) for title in ("PID", "PPID", "STAT")]
    rows = [tuple(process[column] for column in columns) for process in processes["Processes"]]
    parents = {parent for _, parent, _ in rows}
    states = [state for pid, _, state in rows if pid not in parents]
    return all(state.startswith("T") for state in states)


def connect(host: str | None) -> Engine:
    """A client of the engine at `host`, of DOCKER_HOST, or of this machine's. TransientError if it does not answer."""
    settings = kwargs_from_env()
    url = host or settings.pop("base_url", None) or DEFAULT_HOST
    tls = settings.get("tls", False) if url.startswith(("tcp", "https")) else False
    try:
        with closing(APIClient(url, version="auto", timeout=CONNECT_SECONDS, tls=tls)) as client:
            version = client.api_version
        return Engine(url, version=version, timeout=ANSWER_SECONDS, tls=tls, num_pools=4, max_pool_size=MAX_CONNECTIONS)
    except (InvalidConfigFile, ValueError) as error:
        raise ProviderError(
            f"the logins in docker's configuration (DOCKER_CONFIG, or ~/.docker/config.json) cannot be read: {error}. "
            "Correct it, or move it away and docker login again."
        ) from error
    except DockerException as error:
        raise TransientError(
            f"the Docker Engine at {url} does not answer: {root_cause(error)}. Start it, let this account use it "
            "(group docker), or name another in the target's `host` or in DOCKER_HOST."
        ) from error


def epoch(text: str) -> float:
    """A time of the engine's in seconds since the epoch; 0.0 for one that never was, or is none."""
    try:
        return 0.0 if text.startswith("0001") else datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0
