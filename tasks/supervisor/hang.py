"""Whether a process that does not answer hangs, or only waits for a processor that others have."""

import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from tasks.supervisor.family import descendants

SILENT_PROBES = 3
"""Unanswered probes in a row, at least, of a process that hangs."""
BUSY_FACTOR = 6.0
"""How many times longer a process is waited for that works, or would."""
IDLE_SHARE = 0.05
"""One that ran, or waited to run, for a smaller share of its silence was not kept from answering."""
_STOPPED, _TRACED, _ASLEEP = "T", "t", "S"
_WORKS = frozenset("RD")
"""Runs or is ready to, or waits for a disk."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What the kernel says of a process's first thread. The two times are in seconds, and only grow."""

    state: str = ""
    """The letter of proc(5); empty where nobody can tell."""
    ran: float = 0.0
    waited: float = 0.0
    """While it was ready to run, and others had the processors."""


def hangs(probes: int, silence: float, patience: float, before: Progress, now: Progress) -> bool:
    """Whether a process hangs that has answered none of so many probes in a row, for `silence` seconds.

    It does after `patience` seconds if it is stopped, or sleeps and hardly ran since its last answer (`before`); if it
    works, waits for a processor or a disk, or nobody can tell, after six times as many. One that a debugger holds never
    does.
    """
    if probes < SILENT_PROBES or now.state == _TRACED:
        return False
    worked = now.ran - before.ran + now.waited - before.waited
    sure = now.state == _STOPPED or (now.state == _ASLEEP and worked < IDLE_SHARE * silence)
    return silence >= (patience if sure else BUSY_FACTOR * patience)


class Unanswered:
    """How long one process has left its probes unanswered, from its last answer on."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.answered()

    def answered(self) -> None:
        """It answered just now, or nobody could tell: from here on it is silent."""
        self._since = time.monotonic()
        self._probes = 0
        self._before = progress_of(self._pid)

    def missed(self) -> None:
        """Another probe was left unanswered."""
        self._probes += 1

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._since

    def is_hang(self, patience: float) -> bool:
        """Whether the process hangs; never with a patience of 0."""
        if not patience or self._probes < SILENT_PROBES:
            return False
        return hangs(self._probes, self.seconds, patience, self._before, whole_progress_of(self._pid))


def progress_of(pid: int) -> Progress:
    """Of the process with this pid; without a state if it is gone, or on a system that does not say."""
    if sys.platform == "linux":
        with suppress(OSError, ValueError, IndexError):
            stat = Path(f"/proc/{pid}/stat").read_bytes()
            # Only kernels that count it have the second file.
            times = Path(f"/proc/{pid}/schedstat").read_text().split()
            state = stat[stat.rindex(b")") + 2 :].split()[0].decode()
            return Progress(state, int(times[0]) / 1e9, int(times[1]) / 1e9)
    return Progress()


def whole_progress_of(pid: int) -> Progress:
    """The same; one that sleeps while a thread or a child of it works does so, too: it may wait for that."""
    progress = progress_of(pid)
    if progress.state == _ASLEEP and any(_works(other) for other in (pid, *descendants(pid))):
        return replace(progress, state="R")
    return progress


def _works(pid: int) -> bool:
    """Whether a thread of this process does, at this moment."""
    with suppress(OSError, ValueError, IndexError):
        for stat in Path(f"/proc/{pid}/task").glob("*/stat"):
            text = stat.read_bytes()
            if text[text.rindex(b")") + 2 :].split()[0].decode() in _WORKS:
                return True
    return False
