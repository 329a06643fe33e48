"""The engines of a fleet's hosts over SSH, and a manager of its Swarm that answers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from infra_specs.errors import ProviderError, TransientError
from infra_specs.stackfile.models.hosts import Host
from tasks.ssh.connection import Connection
from tasks.ssh.connections import Connections
from tasks.ssh.engine import SshEngine, open_engine

T = TypeVar("T")


class FleetEngines:
    """One client a host, opened at its first use. Many threads may use it. Close it after use."""

    def __init__(self, connections: Connections) -> None:
        self.connections = connections
        self._hosts = {host.name: host for host in connections.hosts}
        self._engines: dict[str, SshEngine] = {}
        self._guard = threading.Lock()

    def host(self, name: str) -> Host:
        """The host of this name. Raises ProviderError for one that is in no list."""
        if host := self._hosts.get(name):
            return host
        raise ProviderError(f"{name} is in no list of hosts, so nobody can log in to it.")

    def of(self, name: str) -> SshEngine:
        """The engine of a host. Raises ProviderError and its kinds."""
        with self._guard:
            if engine := self._engines.get(name):
                return engine
        engine = self._open(self.connections.to(self.host(name)))
        with self._guard:
            kept = self._engines.setdefault(name, engine)
        if kept is not engine:
            engine.close()
        return kept

    def ask_one(self, names: tuple[str, ...], question: Callable[[SshEngine], T]) -> T:
        """The answer of the first of these hosts that has one. Raises the first one's error if none has."""
        failure: ProviderError = TransientError("no manager of the Swarm answers.")
        for number, name in enumerate(names):
            try:
                with translated(name):
                    return question(self.of(name))
            except ProviderError as error:
                failure = error if number == 0 else failure
        raise failure

    def close(self) -> None:
        """Close the clients. The connections stay open."""
        with self._guard:
            engines, self._engines = list(self._engines.values()), {}
        for engine in engines:
            engine.close()

    def _open(self, connection: Connection) -> SshEngine:
        """A client of the engine behind a connection. Who needs one of its own kind overrides it."""
        return open_engine(connection)


@contextmanager
def translated(name: str) -> Iterator[None]:
    """A block in which an engine's refusal becomes ProviderError, and an engine that is silent TransientError."""
    try:
        yield
    except APIError as error:
        told = str(error.explanation or error).strip()
        kind = TransientError if error.status_code in (500, 502, 503, 504) else ProviderError
        raise kind(f"{name}: its Docker Engine refuses: {told}") from error
    except (RequestException, DockerException, OSError) as error:
        raise TransientError(f"{name}: its Docker Engine does not answer: {error}") from error
