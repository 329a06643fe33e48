"""Carry bytes between a command and us, until the command has ended. One that reads slowly holds up nothing else."""

import os
import select
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

_PIECE = 65536
LAST_BYTES = 2**20
"""Read at most after the command's end: what it left running may write on and on."""


class TypedInput:
    """What is typed here, on its way to the command. A command that reads slowly holds up nothing else."""

    def __init__(self, end: int) -> None:
        self._end: int | None = end
        self._typed = b""
        self._is_complete = False
        os.set_blocking(end, False)

    @property
    def wants_more(self) -> bool:
        return self._end is not None and not self._is_complete and len(self._typed) < _PIECE

    @property
    def waiting(self) -> list[int]:
        """Our end of it, if there is anything to hand on."""
        return [self._end] if self._end is not None and self._typed else []

    def take(self, piece: bytes) -> None:
        """Nothing is the end of all input."""
        self._typed += piece
        self._is_complete = not piece
        self._close_if_done()

    def hand_on(self) -> None:
        try:
            self._typed = self._typed[os.write(self._end, self._typed) :] if self._end is not None else b""
        except BlockingIOError:
            return
        except OSError:  # it reads no more; what it says is still to come
            self._typed, self._is_complete = b"", True
        self._close_if_done()

    def close(self) -> None:
        if self._end is not None:
            os.close(self._end)
            self._end = None

    def _close_if_done(self) -> None:
        if self._is_complete and not self._typed:
            self.close()


def relay(
    child: "subprocess.Popen[bytes]", keys: TypedInput | None, ends: Mapping[int, int], *, at_terminal: bool
) -> None:
    """Carry keys there and output here until the command has ended. `ends`: our end of each output -> a stream."""
    output = dict(ends)
    with end_told(child) as ended:
        ready: list[int] = []
        while ended not in ready:
            sources = [ended, *output, *([0] if keys and keys.wants_more else [])]
            ready, writable, _ = select.select(sources, keys.waiting if keys else [], [])
            if keys and 0 in ready:
                keys.take(piece := read_piece(0))
                if not piece and at_terminal:  # it was closed: the command is told as if it were its own
                    signal_group(child, signal.SIGHUP)
            if keys and writable:
                keys.hand_on()
            for end in [end for end in output if end in ready]:
                if not _show(end, output[end]):
                    del output[end]
    for end, stream in output.items():
        _drain(end, stream)


@contextmanager
def end_told(child: "subprocess.Popen[bytes]") -> Iterator[int]:
    """A descriptor that can be read once the child has ended. It is waited for by then."""
    reader, writer = os.pipe()

    def wait() -> None:
        child.wait()
        os.close(writer)

    waiter = threading.Thread(target=wait, daemon=True)
    waiter.start()
    try:
        yield reader
    finally:
        os.close(reader)


def _show(end: int, stream: int) -> bool:
    """Whether more may come."""
    piece = read_piece(end)
    with suppress(OSError):  # nobody looks any more; the command goes on
        shown = piece
        while shown:
            shown = shown[os.write(stream, shown) :]
    return bool(piece)


def _drain(end: int, stream: int) -> None:
    left = LAST_BYTES
    with suppress(BlockingIOError):
        while left > 0 and _show(end, stream):
            left -= _PIECE


def read_piece(end: int) -> bytes:
    """Nothing at its end; BlockingIOError if there is nothing yet."""
    try:
        return os.read(end, _PIECE)
    except BlockingIOError:
        raise
    except OSError:  # a terminal that was closed
        return b""


def signal_group(child: "subprocess.Popen[bytes]", number: int) -> None:
    """Its whole group; nothing once it has been waited for."""
    if child.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, number)
