"""The engine's door: a client that many threads can use, what is asked inside of containers, and its errors as ours."""

import functools
import os
import threading
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from docker.api.client import APIClient
from docker.errors import APIError, DockerException, InvalidConfigFile
from docker.utils import kwargs_from_env
from requests.exceptions import RequestException

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.docker.coalesce import SingleFlight
from tasks.providers.docker.labels import only
from tasks.providers.docker.shell import Shell, ShellEnded

MAX_CONNECTIONS = 64
"""Connections that are kept; more threads than that wait for nobody, but open one each."""
CONNECT_SECONDS = 10
"""The first question, after its version, has a quick answer: an engine that accepts and says nothing is found here."""
ANSWER_SECONDS = 120
"""The engine's slowest answers (a stop with a long grace, a busy disk) take as long."""
DEFAULT_HOST = "unix:///var/run/docker.sock"

Listed = list[dict[str, Any]]
P = ParamSpec("P")
R = TypeVar("R")


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
        """A stack's volumes: data, notes and parts of containers."""
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

    def close(self) -> None:
        """Every connection, and with them the shells."""
        with self._guard:
            for shell in self._shells.values():
                shell.close()
            self._shells.clear()
        super().close()

    def _list_containers(self, stack: str) -> Listed:
        containers: Listed = self.containers(all=True, filters=only(stack))
        return containers

    def _list_volumes(self, stack: str) -> Listed:
        return list(self.volumes(filters=only(stack)).get("Volumes") or ())

    def _opened(self, container: str) -> Shell:
        with self._guard:
            if container not in self._shells:
                self._shells[container] = Shell(self, container)
            return self._shells[container]


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
            f"the Docker Engine at {url} does not answer: {_root(error)}. Start it, let this account use it "
            "(group docker), or name another in the target's `host` or in DOCKER_HOST."
        ) from error


def ours(verb: Callable[P, R]) -> Callable[P, R]:
    """What the engine refuses becomes ProviderError, an engine that does not answer TransientError."""

    @functools.wraps(verb)
    def translated(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return verb(*args, **kwargs)
        except APIError as error:
            raise _refused(error) from error
        except (RequestException, DockerException, OSError) as error:
            raise TransientError(f"the Docker Engine did not answer: {_root(error)}") from error

    return translated


def said(error: APIError) -> str:
    """The engine's own words."""
    return str(error.explanation or error).strip()


def epoch(text: str) -> float:
    """A time of the engine's in seconds since the epoch; 0.0 for one that never was, or is none."""
    try:
        return 0.0 if text.startswith("0001") else datetime.fromisoformat(text).timestamp()
    except ValueError:
        return 0.0


def _refused(error: APIError) -> ProviderError:
    message = said(error)
    if "no space left" in message:
        return ProviderError(
            f"the Docker Engine's disk is full: {message}. Make room (docker system df shows what takes it) and run it "
            "again."
        )
    busy = error.status_code in (502, 503, 504) or "is already in progress" in message
    return (TransientError if busy else ProviderError)(f"the Docker Engine refused: {message}")


def _root(error: BaseException) -> str:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return str(error)
