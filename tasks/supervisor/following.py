"""Following a supervisor: it tells how its processes change, as soon as they do."""

import json
import socket
from pathlib import Path

from infra_specs.errors import TransientError
from tasks.supervisor.folder import SOCKET, short
from tasks.supervisor.peer import is_trusted
from tasks.supervisor.process import Status
from tasks.supervisor.serialization import status_from

OPEN_SECONDS = 5.0
"""A supervisor that does not answer for so long is busy, or hangs: it is tried again later."""
_READ_BYTES = 2**16


class Following:
    """One connection to the supervisor of a folder, of this version: from here on no change is missed.

    `fileno` becomes readable with each change, and once the connection has ended. TransientError: nobody answered.
    """

    def __init__(self, folder: Path) -> None:
        self._connection = socket.socket(socket.AF_UNIX)
        self._unread = b""
        try:
            self._begin(folder)
        except OSError as error:
            self.close()
            raise TransientError(f"the supervisor of {folder} cannot be followed: {error}") from error

    def fileno(self) -> int:
        return self._connection.fileno()

    def changes(self) -> list[Status]:
        """What has changed since the last call; waits for nothing. EOFError: the supervisor has let us go, or ended."""
        try:
            data = self._connection.recv(_READ_BYTES)
        except BlockingIOError:
            return []
        except ConnectionError as error:
            raise EOFError from error
        if not data:
            raise EOFError
        *lines, self._unread = (self._unread + data).split(b"\n")
        return [status_from(json.loads(line)) for line in lines if line]

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _begin(self, folder: Path) -> None:
        self._connection.settimeout(OPEN_SECONDS)
        with short(folder / SOCKET) as path:
            self._connection.connect(path)
        if not is_trusted(self._connection):
            raise ConnectionError("another account listens there")
        self._connection.sendall(json.dumps({"verb": "follow"}).encode() + b"\n")
        if self._connection.recv(1) != b"\n":
            raise ConnectionError("it does not know how, or ends")
        self._connection.setblocking(False)
