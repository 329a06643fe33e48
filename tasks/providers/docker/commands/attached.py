"""A command that runs inside a container, attached to: its streams, its size and its exit code."""

import socket
import struct
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError

from infra_specs.errors import ProviderError
from tasks.providers.docker.engine.errors import engine_message

CHUNK_BYTES = 2**16
STDERR = 2
_CANNOT_RUN = 126
"""As shells say of what cannot be run, where the engine cannot say how it ended."""
_HEADER_BYTES = 8
"""Bytes before each piece of output where there is no terminal: which stream, and how much."""
_EXIT_SECONDS = 0.05
"""Between two questions whether it has ended, once its output has."""


class Attached:
    """One command, begun. Close it. Everything it says is read through `reader`."""

    def __init__(self, api: APIClient, container: str, command: Sequence[str], *, terminal: str = "") -> None:
        """`terminal`: the kind of terminal that it gets, as TERM; none without. Raises ProviderError, APIError."""
        env = {"TERM": terminal} if terminal else {}
        self._api = api
        self._id = api.exec_create(container, list(command), stdin=True, tty=bool(terminal), environment=env)["Id"]
        try:
            stream: Any = api.exec_start(self._id, tty=bool(terminal), socket=True)
        except APIError as error:
            raise ProviderError(f"{command[0]} cannot be run there: {engine_message(error)}") from error
        self._stream = stream
        # What came with the answer's head waits in the buffer that read it, so everything is read through that.
        self.reader: Any = stream._response.raw._fp.fp
        self.connection: socket.socket = getattr(stream, "_sock", stream)

    def close(self) -> None:
        """Nobody reads or writes any more."""
        self.cut()
        self._stream._response.close()

    def cut(self) -> None:
        """Wake whoever reads or writes in another thread: both have come to the end."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def end_input(self) -> None:
        """It reads the end of its input; what it says is still to come."""
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)

    def resize(self, rows: int, columns: int) -> None:
        """Give its terminal another size."""
        with suppress(APIError):  # it has ended
            self._api.exec_resize(self._id, height=rows, width=columns)

    def began(self) -> bool:
        """Whether it could be run. Where not, what it seems to say are the engine's words.

        It runs before the engine knows its pid, and keeps its pid when it has ended.
        """
        status = self._api.exec_inspect(self._id)
        return bool(status["Running"] or status["Pid"])

    def exit_code(self) -> int:
        """Its exit code. Waits for a command that closed its output before it ended."""
        while (status := self._api.exec_inspect(self._id))["Running"]:
            time.sleep(_EXIT_SECONDS)  # the engine has no call that waits for the end of a command in a container
        code = status["ExitCode"]
        return int(code if code is not None else _CANNOT_RUN)


class Frames:
    """Output and errors told apart, piece by piece: nothing but a header is held."""

    def __init__(self) -> None:
        self._header = b""
        self._stream, self._left = 0, 0

    def take(self, piece: bytes) -> Iterator[tuple[int, bytes]]:
        """Stream and data of what the piece holds."""
        while piece:
            if not self._left:
                missing = _HEADER_BYTES - len(self._header)
                self._header, piece = self._header + piece[:missing], piece[missing:]
                if len(self._header) < _HEADER_BYTES:
                    return
                self._stream, self._left = struct.unpack(">BxxxL", self._header)
                self._header = b""
            data, piece = piece[: self._left], piece[self._left :]
            self._left -= len(data)
            if data:
                yield self._stream, data
