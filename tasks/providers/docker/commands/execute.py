"""A command inside a container, with the input, output and terminal of who asks."""

import os
import select
import sys
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

from docker.api.client import APIClient

from tasks.providers.docker.commands.attached import CHUNK_BYTES, STDERR, Attached, Frames
from tasks.providers.terminal import raw_keys, size_told

_TERMINAL = "xterm"
"""What is said of a terminal of which nobody knows more."""


def execute(api: APIClient, container: str, command: Sequence[str], *, terminal: bool) -> int:
    """Run it to its end and return its exit code."""
    kind = os.environ.get("TERM", _TERMINAL) if terminal else ""
    with closing(Attached(api, container, command, terminal=kind)) as attached:
        sys.stdout.flush()
        if terminal:
            with raw_keys(), size_told(attached.resize):
                _exchange(attached, _write_output)
        else:
            frames = Frames()

            def write(piece: bytes) -> None:
                for stream, data in frames.take(piece):
                    _write(2 if stream == STDERR else 1, data)

            _exchange(attached, write)
        return attached.exit_code()


def _exchange(attached: Attached, write: Callable[[bytes], None]) -> None:
    """Carry input there and output here until the output ends."""
    connection, reader = attached.connection, attached.reader
    waiting = [connection, sys.stdin.fileno()]
    connection.setblocking(False)
    with suppress(BlockingIOError):
        write(reader.peek() and reader.read1(CHUNK_BYTES))
    connection.setblocking(True)
    while True:
        ready, _, _ = select.select(waiting, [], [])
        if sys.stdin.fileno() in ready:
            if text := os.read(sys.stdin.fileno(), CHUNK_BYTES):
                with suppress(BrokenPipeError):  # it reads no more; what it says is still to come
                    connection.sendall(text)
            else:
                waiting.pop()
                attached.end_input()
        if connection in ready:
            piece = reader.read1(CHUNK_BYTES)
            if not piece:
                return
            write(piece)


def _write_output(piece: bytes) -> None:
    _write(1, piece)


def _write(to: int, text: bytes) -> None:
    while text:
        text = text[os.write(to, text) :]
