"""A command beside a server whose bytes are watched: a server that hangs must not hold up a run without an end."""

import threading
from collections.abc import Callable
from typing import Any, BinaryIO, cast

from infra_specs.errors import TransientError

QUIET_SECONDS = 60.0
"""Seconds without a byte after which a server is asked whether it still answers."""
LONGEST_SECONDS = 24 * 3600.0
"""Seconds without a byte after which a command is given up though its server answers: an index of a large table takes
long."""

Pipe = Callable[[BinaryIO, BinaryIO], int]
"""Runs a command between a source and a sink, and returns its exit code."""


def watched(name: str, pipe: Pipe, source: BinaryIO, sink: BinaryIO, require_answer: Callable[[], None]) -> int:
    """Run a command to its end and return its exit code.

    While no byte moves, `require_answer` is called now and then; what it raises is raised here. The command is then
    left behind: neither end takes or gives a byte more, so it ends as soon as it goes on. Raises TransientError for one
    that moved no byte for `LONGEST_SECONDS`.
    """
    ends = _Ends(source, sink)
    running = _Running(lambda: pipe(cast("BinaryIO", ends), cast("BinaryIO", ends)))
    seen, quiet = ends.moved, 0.0
    try:
        while not running.ended.wait(QUIET_SECONDS):
            quiet = quiet + QUIET_SECONDS if ends.moved == seen else 0.0
            seen = ends.moved
            if quiet:
                _require_progress(name, quiet)
                require_answer()
    except BaseException:
        ends.cut = True
        raise
    return running.result()


def _require_progress(name: str, quiet: float) -> None:
    if quiet >= LONGEST_SECONDS:
        raise TransientError(f"{name} moved no byte for {quiet:.0f} s")


class _Ends:
    """Both ends of a pipe. `moved`: how often bytes went through one of them."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._read: Callable[[int], bytes] = getattr(source, "read1", source.read)
        self._sink = sink
        self.moved = 0
        self.cut = False

    def read1(self, size: int = -1) -> bytes:
        self._require_whole()
        data = self._read(size)
        self._require_whole()
        self.moved += 1
        return data

    read = read1

    def write(self, data: Any) -> int:
        self._require_whole()
        self._sink.write(data)
        self.moved += 1
        return len(data)

    def flush(self) -> None:
        self._require_whole()
        self._sink.flush()

    def _require_whole(self) -> None:
        if self.cut:
            raise TransientError("nobody waits for this command any more")


class _Running(threading.Thread):
    """The command, which may never end."""

    def __init__(self, work: Callable[[], int]) -> None:
        super().__init__(name="watched", daemon=True)
        self._work = work
        self._code, self._error = 0, cast("Exception | None", None)
        self.ended = threading.Event()
        self.start()

    def run(self) -> None:
        try:
            self._code = self._work()
        except Exception as error:  # it belongs to who waits
            self._error = error
        finally:
            self.ended.set()

    def result(self) -> int:
        """Its exit code. Raises its error."""
        if self._error:
            raise self._error
        return self._code
