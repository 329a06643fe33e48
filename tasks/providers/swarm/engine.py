"""The engines of a fleet's hosts, as the drivers of containers want them."""

from typing import Any, cast

from tasks.providers.docker.engine.client import Engine
from tasks.providers.hosts.engines import FleetEngines
from tasks.ssh.connection import Connection
from tasks.ssh.connections import Connections
from tasks.ssh.engine import SshEngine, open_client


class HostEngine(Engine, SshEngine):
    """The engine of one host over its SSH connection, with scripts inside of containers."""

    def make_service(self, spec: dict[str, Any]) -> None:
        """Make a service of the Swarm, of a manager's. Raises APIError with 409 if the name is taken."""
        self._posted("/services/create", spec)

    def change(self, path: str, id: str, version: int, spec: dict[str, Any]) -> None:
        """Change what is wanted of a thing of the Swarm, of which this version was seen. `path`: `services`."""
        self._posted(f"/{path}/{id}/update?version={version}", spec)

    def _posted(self, path: str, data: dict[str, Any]) -> None:
        client: Any = self
        client._raise_for_status(client._post_json(client._url(path), data=data))


class HostEngines(FleetEngines):
    """One client a host, opened at its first use. Many threads may use it. Close it after use."""

    def __init__(self, connections: Connections, seconds: float) -> None:
        """`seconds`: how long an answer may take."""
        super().__init__(connections)
        self._seconds = seconds

    def of(self, name: str) -> HostEngine:
        """The engine of a host. Raises ProviderError and its kinds."""
        return cast(HostEngine, super().of(name))

    def _open(self, connection: Connection) -> SshEngine:
        return open_client(HostEngine, connection, self._seconds)
