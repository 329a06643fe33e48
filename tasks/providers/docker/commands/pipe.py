"""A command inside a container as a pipe: bytes from a source are its input, its output goes into a sink."""

import threading
from collections.abc import Sequence
from contextlib import closing
from typing import BinaryIO

from docker.api.client import APIClient

from infra_specs.errors import ProviderError
from tasks.providers.docker.commands.attached import STDERR, Attached, Frames
from tasks.providers.docker.engine.errors import translated
from tasks.providers.seam.parts import PIPE_BYTES


def pipe(api: APIClient, container: str, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
    """Run it to its end and return its exit code.

    A source that does not end when the command does is read no further, but for one piece that is under way. Errors of
    source and sink are raised as they are; the command finds its input ended then, and its output closed.
    """
    with translated():
        attached = Attached(api, container, command)
    with closing(attached):
        # The engine's answers have a time limit; a command may be silent for as long as it likes.
        attached.connection.settimeout(None)
        feeder = _Feeder(attached, source)
        feeder.start()
        try:
            complaint = _drain(attached, sink)
        finally:
            feeder.raise_error()
        if complaint is not None:
            raise ProviderError(f"{command[0]} cannot be run there: {complaint}")
        with translated():
            return attached.exit_code()


def _drain(attached: Attached, sink: BinaryIO) -> str | None:
    """Carry its output into the sink until it ends; where it could not be run, the engine's words about that."""
    frames, began, words = Frames(), False, bytearray()
    while True:
        with translated():
            piece = attached.reader.read1(PIPE_BYTES)
            began = began or attached.began()
        if not piece:
            return None if began else words.decode(errors="replace").strip()
        for stream, data in frames.take(piece):
            if not began:
                words = (words + data)[-PIPE_BYTES:]
            elif stream != STDERR:
                sink.write(data)


class _Feeder(threading.Thread):
    """Sends the source, a piece at a time. A thread of its own: neither end waits for the other."""

    def __init__(self, attached: Attached, source: BinaryIO) -> None:
        super().__init__(name="docker-pipe", daemon=True)
        self._attached = attached
        self._read = getattr(source, "read1", source.read)  # what there is, where the source can say so
        self._error: Exception | None = None

    def run(self) -> None:
        while piece := self._piece():
            try:
                self._attached.connection.sendall(piece)
            except OSError:
                return  # it reads no more; what it says is still to come
        self._attached.end_input()

    def raise_error(self) -> None:
        """What the source raised, if it did."""
        if self._error:
            raise self._error

    def _piece(self) -> bytes:
        """The next bytes; none at the end, and none after an error, which is kept."""
        try:
            piece: bytes = self._read(PIPE_BYTES)
        except Exception as error:  # whatever a source raises belongs to who gave it
            self._error = error
            self._attached.cut()
            return b""
        return piece
