"""A command between two ends: bytes in, bytes out, and at most `PIPE_BYTES` of either in memory."""

import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import IO, BinaryIO

from tasks.providers.local.commands.relay import LAST_BYTES, end_told, signal_group
from tasks.providers.seam.parts import PIPE_BYTES


def begin(command: Sequence[str], env: Mapping[str, str], enter: Callable[[], None]) -> "subprocess.Popen[bytes]":
    """Start it in a session of its own; `enter` is called in the child, at first. Raises what `Popen` raises."""
    return subprocess.Popen(
        list(command),
        env=env,
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=enter,  # noqa: PLW1509 - the child is another account before it does anything
    )


def carry(child: "subprocess.Popen[bytes]", source: BinaryIO, sink: BinaryIO) -> int:
    """Carry bytes until it has ended, and return its exit code as `subprocess` counts.

    Where `source` or `sink` fails the command is killed, and their error raised. One that ends early leaves the rest
    of `source` unread, but for one piece.
    """
    assert child.stdin is not None
    assert child.stdout is not None
    feeder = _Feeder(child, source, child.stdin)
    feeder.start()
    try:
        with end_told(child) as ended:
            _take(child.stdout, ended, sink)
        sink.flush()
    finally:
        signal_group(child, signal.SIGKILL)
        child.stdout.close()
        code = child.wait()
    if feeder.fault:
        raise feeder.fault
    return code


class _Feeder(threading.Thread):
    """Feeds the command. It is not waited for: who holds the source may never write or close it."""

    def __init__(self, child: "subprocess.Popen[bytes]", source: BinaryIO, stdin: IO[bytes]) -> None:
        super().__init__(daemon=True)
        self.fault: Exception | None = None
        self._child, self._source, self._stdin = child, source, stdin

    def run(self) -> None:
        # What has come already is handed on at once, where the source can tell.
        read: Callable[[int], bytes] = getattr(self._source, "read1", self._source.read)
        with suppress(OSError), self._stdin:  # it may read no more
            while piece := self._next(read):
                _write_all(self._stdin, piece)

    def _next(self, read: Callable[[int], bytes]) -> bytes:
        try:
            return read(PIPE_BYTES)
        except Exception as error:  # of whatever the source is: who asked is told
            self.fault = error
            signal_group(self._child, signal.SIGKILL)
            return b""


def _take(stdout: IO[bytes], ended: int, sink: BinaryIO) -> None:
    """Hand on what it says until it has ended, and what it said before that."""
    os.set_blocking(stdout.fileno(), False)
    sources, left = [stdout.fileno(), ended], LAST_BYTES
    while left > 0:
        ready, _, _ = select.select(sources, [], [])
        has_ended = ended in ready
        try:
            piece = os.read(stdout.fileno(), PIPE_BYTES)
        except BlockingIOError:
            if has_ended:
                return
            continue
        if not piece:
            if has_ended:
                return
            sources = [ended]  # it closed its output, and goes on
            continue
        _write_all(sink, piece)
        if has_ended:
            left -= len(piece)


def _write_all(end: IO[bytes], piece: bytes) -> None:
    """A raw stream may take less than it is given."""
    rest = memoryview(piece)
    while rest:
        rest = rest[end.write(rest) :]
