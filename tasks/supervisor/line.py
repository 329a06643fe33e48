"""The line between a guardian and its supervisor: each asks the other every two seconds whether it still works.

It imports next to nothing, for the guardian stays small.
"""

# ruff: noqa: PTH123 - without pathlib

import os
import time
from contextlib import suppress

ASK_SECONDS = 2.0
PATIENCE_SECONDS = 10.0
"""How long the other may be silent that is stopped (SIGSTOP); one that is not may be busy."""
BUSY_SECONDS = 60.0
_ASKED, _ANSWER = b"?", b"!"


class Line:
    """One end of a non-blocking socket pair, and what the other end's process has left unanswered."""

    def __init__(self, descriptor: int, other: int) -> None:
        """`other`: the pid at the other end."""
        self.descriptor = descriptor
        self.is_open = True
        self._other = other
        self._heard = self._asked = time.monotonic()

    def read(self) -> None:
        """Take in what came, and answer what was asked."""
        try:
            words = os.read(self.descriptor, 4096)
        except BlockingIOError:
            return
        except OSError:
            words = b""
        if not words:
            self.is_open = False  # the other end has ended, which is for others to see
            return
        self._heard = time.monotonic()
        if _ASKED in words:
            self._say(_ANSWER)

    def ask(self) -> None:
        """Ask, if it is time to. If we come late ourselves, the silence so far says nothing of the other."""
        now = time.monotonic()
        if now - self._asked < ASK_SECONDS:
            return
        if now - self._asked > 2 * ASK_SECONDS:
            self._heard = now
        self._asked = now
        self._say(_ASKED)

    def is_hang(self) -> bool:
        """Whether the other has been silent for longer than it may."""
        silence = time.monotonic() - self._heard
        if not self.is_open or silence < PATIENCE_SECONDS:
            return False
        return silence >= BUSY_SECONDS or _is_stopped(self._other)

    def _say(self, word: bytes) -> None:
        with suppress(OSError):  # full, for the other does not read; or it has ended
            os.write(self.descriptor, word)


def _is_stopped(pid: int) -> bool:
    """Where the system does not say (it is no Linux) nobody is taken to be."""
    with suppress(OSError, IndexError), open(f"/proc/{pid}/stat", "rb", buffering=0) as file:
        stat = file.read()
        return stat[stat.rindex(b")") + 2 :].split()[0] == b"T"
    return False
