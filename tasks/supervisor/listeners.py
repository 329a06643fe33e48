"""Ports on 127.0.0.1 that are bound once and held while their processes come and go."""

import errno
import socket
from collections.abc import Collection

from tasks.supervisor.descriptor_store import LARGEST, DescriptorStore
from tasks.supervisor.port_owner import taken_by

HOST = "127.0.0.1"
_BACKLOG = 1024
"""Connections that may wait while a process starts; the kernel may allow fewer."""


class CannotListen(Exception):
    """A port cannot be bound; the message says why. `taken`: another program has it."""

    def __init__(self, message: str, *, taken: bool) -> None:
        super().__init__(message)
        self.taken = taken


class Listeners:
    """The listening sockets of one supervisor, by port. A store keeps them beyond this process's death."""

    def __init__(self, store: DescriptorStore | None) -> None:
        self._store = store
        self._sockets: dict[int, socket.socket] = {}
        for descriptor in store.load() if store else ():
            listener = socket.socket(fileno=descriptor)
            self._sockets[listener.getsockname()[1]] = listener

    def bind(self, port: int) -> None:
        """Bind the port and listen. CannotListen if any process has it, one of ours included."""
        if len(self._sockets) >= LARGEST:
            raise CannotListen(
                f"port {port} cannot be held: a supervisor holds {LARGEST} at most: end a process that has one first",
                taken=False,
            )
        listener = socket.socket()
        try:
            # Connections of an earlier listener that linger are nobody's claim to the port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
            listener.listen(_BACKLOG)
            self._save({**self._sockets, port: listener})
        except OSError as error:
            listener.close()
            if error.errno == errno.EADDRINUSE:
                reason = taken_by(port) or f"port {port} is taken by another program"
                raise CannotListen(reason, taken=True) from error
            raise CannotListen(f"port {port} cannot be bound: {error.strerror}", taken=False) from error

    def descriptor(self, port: int) -> int:
        """The port's socket for the next start of its process; bound now if it is not held. CannotListen as `bind`."""
        if port not in self._sockets:
            self.bind(port)
        listener = self._sockets[port]
        # The flag is shared with the process that had it before.
        listener.setblocking(True)
        return listener.fileno()

    def held(self, port: int) -> int | None:
        """The port's socket, if it is held here."""
        listener = self._sockets.get(port)
        return listener.fileno() if listener else None

    def release(self, port: int) -> None:
        """Close the port. Not held: success."""
        self.keep_only(self._sockets.keys() - {port})

    def keep_only(self, ports: Collection[int]) -> None:
        """Close all others."""
        closed = [listener for port, listener in self._sockets.items() if port not in ports]
        if closed:
            self._save({port: listener for port, listener in self._sockets.items() if port in ports})
        for listener in closed:
            listener.close()

    def _save(self, sockets: dict[int, socket.socket]) -> None:
        if self._store:
            self._store.save(listener.fileno() for listener in sockets.values())
        self._sockets = sockets
