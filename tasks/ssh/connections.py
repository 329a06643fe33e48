"""The connections to the hosts of a fleet: one each, and one to each host that others are reached through."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from infra_specs.errors import ProviderError
from infra_specs.stackfile.models.hosts import Host, JumpHost
from tasks.base.daemon_pool import DaemonPool
from tasks.ssh import handshake
from tasks.ssh.connection import Connection
from tasks.ssh.known_hosts import HostKey, KnownHosts

T = TypeVar("T")
H = TypeVar("H", bound=JumpHost)


class Connections(AbstractContextManager["Connections"]):
    """Opened one by one as they are used, and closed at the end of the block."""

    def __init__(self, hosts: Iterable[Host], key: str | None, home: Path) -> None:
        self.hosts = tuple(hosts)
        self.known, self._key = KnownHosts(home), key
        jumps = {host.jump.name: host.jump for host in self.hosts if host.jump is not None}
        self._jumps = {name: Connection(jump, self.known, key) for name, jump in jumps.items()}
        self._connections = {host.name: Connection(host, self.known, key, self._jump(host)) for host in self.hosts}

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def jump_hosts(self) -> tuple[JumpHost, ...]:
        """The hosts that others are reached through."""
        return tuple(connection.host for connection in self._jumps.values())

    def to(self, host: Host) -> Connection:
        """The connection to one of the hosts."""
        return self._connections[host.name]

    def another(self, host: Host) -> Connection:
        """A second connection to one of the hosts, which logs in by itself. Close it after use."""
        return Connection(host, self.known, self._key, self._jump(host))

    def shown_key(self, host: JumpHost) -> HostKey:
        """The key that a host shows now, of the type that is stored for it if it has one. Nothing logs in to it.

        Raises TransientError if the host cannot be reached, and as `Connection.run` does of the host it is behind.
        """
        stored = self.known.key(host.name)
        jump = self._jump(host) if isinstance(host, Host) else None
        sock = jump.open_tcp(host) if jump else handshake.tcp_socket(host)
        transport = handshake.begun(host, sock, first=stored.type if stored else None)
        try:
            return handshake.key_of(transport)
        finally:
            transport.close()

    def shown_keys(self, hosts: Iterable[JumpHost]) -> dict[str, HostKey | ProviderError]:
        """The same of several hosts at once, or why there is none, by their names."""
        return at_once(hosts, self.shown_key)

    def close(self) -> None:
        """Close all of them."""
        for connection in (*self._connections.values(), *self._jumps.values()):
            connection.close()

    def _jump(self, host: Host) -> Connection | None:
        return self._jumps[host.jump.name] if host.jump else None


def at_once(hosts: Iterable[H], job: Callable[[H], T]) -> dict[str, T | ProviderError]:
    """The result of a job for each host, or its error, by the hosts' names. A thread each: none waits for another."""

    def outcome(host: H) -> T | ProviderError:
        try:
            return job(host)
        except ProviderError as error:
            return error

    listed = list(hosts)
    results = DaemonPool(max(1, len(listed)), "hosts").map(outcome, listed)
    return {host.name: result for host, result in zip(listed, results, strict=True)}
