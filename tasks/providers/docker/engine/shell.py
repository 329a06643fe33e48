"""A shell inside a container that is kept open: it answers within milliseconds, where an `exec` of its own takes the
engine a tenth of a second and a good part of a processor.

It is sent a script a line and sends back a line: output and exit code. It ends with the connection, or the container.
"""

import base64
import binascii
import struct
import threading
from typing import Any

from docker.api.client import APIClient

ANSWER_SECONDS = 30.0
_LOOP = r"""
while IFS= read -r line; do
    eval "script=$line"
    { (eval "$script") </dev/null 2>/dev/null; printf '\n%s' "$?"; } | base64 -w0
    echo
done
"""
_STDOUT = 1


class ShellEnded(OSError):
    """The shell is gone, or did not answer in time: another one may."""


class Shell:
    """For many threads; one script after the other."""

    def __init__(self, api: APIClient, container: str) -> None:
        """Raises APIError for a container that does not run or has no bash."""
        created = api.exec_create(container, ["bash", "-c", _LOOP], stdin=True, user="0")
        self._stream: Any = api.exec_start(created["Id"], socket=True)
        # What docker-py returns for a Unix socket only reads.
        self._socket: Any = getattr(self._stream, "_sock", self._stream)
        self._socket.settimeout(ANSWER_SECONDS)
        self._guard = threading.Lock()
        self._left = bytearray()

    def run(self, script: str) -> tuple[int, bytes]:
        """Its exit code and output. Raises ShellEnded."""
        with self._guard:
            try:
                self._socket.sendall(f"{_in_a_line(script)}\n".encode())
                answer = base64.b64decode(self._line(), validate=True)
            except (OSError, EOFError, binascii.Error) as error:
                self.close()
                raise ShellEnded(f"a shell in a container ended: {error}") from error
        output, _, code = answer.rpartition(b"\n")
        return int(code), output

    def close(self) -> None:
        """It ends by itself once nobody can send it anything."""
        self._stream.close()
        self._socket.close()

    def _line(self) -> bytes:
        while b"\n" not in self._left:
            stream, length = struct.unpack(">BxxxL", self._exactly(8))
            piece = self._exactly(length)
            if stream == _STDOUT:
                self._left += piece
        line, _, self._left = self._left.partition(b"\n")
        return bytes(line)

    def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise EOFError("it closed the connection")
            data += more
        return bytes(data)


def _in_a_line(script: str) -> str:
    """As bash reads it between $' and ', which needs no other program."""
    escaped = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"}
    return f"$'{''.join(escaped.get(letter, letter) for letter in script)}'"
