"""The API of a host's Docker Engine, each request on a channel of the one SSH connection: no port is opened for it."""

from typing import Any, TypeVar

import urllib3
from docker.api.client import APIClient
from docker.errors import APIError, DockerException, InvalidConfigFile
from docker.transport.basehttpadapter import BaseHTTPAdapter
from requests.exceptions import RequestException

from infra_specs.errors import ProviderError, TransientError
from tasks.ssh.channel_socket import ChannelSocket
from tasks.ssh.connection import Connection

SOCKET = "/var/run/docker.sock"
ANSWER_SECONDS = 120
"""The engine's slowest answers take as long."""
FIRST_SECONDS = 10
"""Its version has a quick answer: an engine that accepts and says nothing is found here."""
MAX_CONNECTIONS = 64
"""Channels that are kept. More threads than that open one each."""
_BASE_URL = "http+docker://ssh"
"""By this beginning the client knows that its sockets are channels of paramiko's."""


class SshEngine(APIClient):
    """The client of a host's engine, which many threads can use. The account must be root, or in the group docker."""

    def __init__(self, connection: Connection, version: str, timeout: float = ANSWER_SECONDS) -> None:
        super().__init__("http://localhost:2375", version=version, timeout=timeout)  # type: ignore[arg-type]  # seconds
        self.base_url = _BASE_URL
        self.trust_env = False  # a proxy of this machine's does not lead into a channel
        self.mount(_BASE_URL, _ChannelAdapter(connection, timeout))


Client = TypeVar("Client", bound=SshEngine)


def open_engine(connection: Connection) -> SshEngine:
    """The client of the engine that listens on a host, as `open_client` gives one."""
    return open_client(SshEngine, connection, ANSWER_SECONDS)


def open_client(client: type[Client], connection: Connection, seconds: float) -> Client:
    """A client of this class for the engine that listens on a host. Close it after use; the connection stays open.

    `seconds`: how long an answer may take. Raises TransientError if the engine does not answer, and what
    `Connection.open_socket` raises.
    """
    try:
        probe = SshEngine(connection, "1.24", FIRST_SECONDS)
        try:
            version = str(probe.version(api_version=False)["ApiVersion"])
        finally:
            probe.close()
    except APIError as error:
        raise ProviderError(f"{connection.host}: its Docker Engine refuses: {error.explanation}.") from error
    except InvalidConfigFile as error:
        raise ProviderError(f"the logins in docker's configuration of this machine cannot be read: {error}.") from error
    except (RequestException, DockerException, OSError) as error:
        raise TransientError(f"{connection.host}: its Docker Engine does not answer: {error}.") from error
    return client(connection, version, seconds)


class _ChannelConnection(urllib3.connection.HTTPConnection):
    """One channel to the engine's socket, which serves one request after another."""

    def __init__(self, connection: Connection, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._connection = connection

    def connect(self) -> None:
        self.sock: Any = ChannelSocket(self._connection.open_socket(SOCKET))
        self.sock.settimeout(self.timeout)


class _ChannelPool(urllib3.HTTPConnectionPool):
    def __init__(self, connection: Connection, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout, maxsize=MAX_CONNECTIONS)
        self._connection, self._seconds = connection, timeout

    def _new_conn(self) -> _ChannelConnection:
        return _ChannelConnection(self._connection, self._seconds)


class _ChannelAdapter(BaseHTTPAdapter):
    """What docker-py's client sends its requests through."""

    def __init__(self, connection: Connection, timeout: float) -> None:
        super().__init__()
        self._pool = _ChannelPool(connection, timeout)

    def get_connection(self, url: str | bytes, proxies: Any = None) -> _ChannelPool:  # noqa: ARG002 - requests' own
        return self._pool

    def request_url(self, request: Any, proxies: Any) -> str:  # noqa: ARG002 - requests' own
        """The path alone: there is no host, and no proxy."""
        return str(request.path_url)

    def close(self) -> None:
        super().close()
        self._pool.close()
