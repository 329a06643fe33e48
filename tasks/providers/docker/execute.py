"""A command inside a container, with the input, output and terminal of who asks."""

import os
import select
import socket
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from docker.api.client import APIClient
from docker.errors import APIError

from infra_specs.errors import ProviderError
from tasks.providers.docker.engine import said
from tasks.providers.terminal import raw_keys, size_told

_CHUNK_BYTES = 65536
_CANNOT_RUN = 126
"""As shells say of what cannot be run, where the engine cannot say how it ended."""
_HEADER_BYTES = 8
"""Bytes before each piece of output where there is no terminal: which stream, and how much."""


def execute(api: APIClient, container: str, command: Sequence[str], *, terminal: bool) -> int:
    """Run it to its end and return its exit code."""
    env = {"TERM": os.environ.get("TERM", "xterm")} if terminal else {}
    made = api.exec_create(container, list(command), stdin=True, tty=terminal, environment=env)["Id"]
    try:
        attached: Any = api.exec_start(made, tty=terminal, socket=True)
    except APIError as error:
        raise ProviderError(f"{command[0]} cannot be run there: {said(error)}") from error
    # What came with the answer's head waits in the buffer that read it, so everything is read through that.
    reader = attached._response.raw._fp.fp
    connection: socket.socket = getattr(attached, "_sock", attached)
    sys.stdout.flush()
    try:
        if terminal:
            with raw_keys(), size_told(partial(_resize, api, made)):
                _exchange(reader, connection, _Plain())
        else:
            _exchange(reader, connection, _Split())
    finally:
        attached._response.close()
    code = api.exec_inspect(made)["ExitCode"]
    return int(code if code is not None else _CANNOT_RUN)


def _exchange(reader: Any, connection: socket.socket, output: "_Plain | _Split") -> None:
    """Carry input there and output here until the output ends."""
    waiting = [connection, sys.stdin.fileno()]
    connection.setblocking(False)
    with suppress(BlockingIOError):
        output.take(reader.peek() and reader.read1(_CHUNK_BYTES))
    connection.setblocking(True)
    while True:
        ready, _, _ = select.select(waiting, [], [])
        if sys.stdin.fileno() in ready:
            if text := os.read(sys.stdin.fileno(), _CHUNK_BYTES):
                with suppress(BrokenPipeError):  # it reads no more; what it says is still to come
                    connection.sendall(text)
            else:
                waiting.pop()
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_WR)
        if connection in ready:
            piece = reader.read1(_CHUNK_BYTES)
            if not piece:
                return
            output.take(piece)


class _Plain:
    """What a terminal shows."""

    def take(self, piece: bytes) -> None:
        _write(1, piece)


class _Split:
    """Output and errors, told apart."""

    def __init__(self) -> None:
        self._left = b""

    def take(self, piece: bytes) -> None:
        self._left += piece
        while len(self._left) >= _HEADER_BYTES:
            stream, length = struct.unpack(">BxxxL", self._left[:_HEADER_BYTES])
            if len(self._left) < _HEADER_BYTES + length:
                return
            _write(2 if stream == 2 else 1, self._left[_HEADER_BYTES : _HEADER_BYTES + length])
            self._left = self._left[_HEADER_BYTES + length :]


def _write(to: int, text: bytes) -> None:
    while text:
        text = text[os.write(to, text) :]


def _resize(api: APIClient, made: str, rows: int, columns: int) -> None:
    with suppress(APIError):  # it has ended
        api.exec_resize(made, height=rows, width=columns)
