"""A mark in the environment: it finds what a process of ours started, wherever that detached itself to.

Each program that is owned gets the variable, and what it starts inherits it. A program can drop it, so it is the
second proof: the first is that the owner adopts every orphan.
"""

import hashlib
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from tasks.supervisor.listening import pids

VARIABLE = "TENFOLD_OWNER"
_SCRIPT = "/tasks/supervisor/__main__.py"
_SECONDS = 10.0
_POLL_SECONDS = 0.005


def mark_of(folder: Path, name: str) -> str:
    """The mark of one process of a supervisor's folder; with an empty name, the start of all of that folder's.

    The device and the inode are part of it: a container may have a folder of the same path.
    """
    status = folder.stat()
    text = f"{os.path.realpath(folder)}\0{status.st_dev}\0{status.st_ino}"
    return f"{hashlib.sha256(text.encode()).hexdigest()[:16]}:{name}"


def marked(mark: str) -> list[int]:
    """The pids of all processes with this mark, or with a mark that starts with it where it names no process.

    A process of an account that we may not look into is not seen.
    """
    if sys.platform != "linux":
        return []
    return [pid for pid in pids() if pid != os.getpid() and _has(pid, mark)]


def kill_marked(mark: str) -> list[int]:
    """Kill every process with this mark; returns at once, with the pids that were still there."""
    left = marked(mark)
    for pid in left:
        _kill(pid, mark)
    return left


def end_marked(mark: str) -> list[int]:
    """Kill every process with this mark, and return when all are gone; the pids that could not be ended in time."""
    deadline = time.monotonic() + _SECONDS
    while (left := kill_marked(mark)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return left


def is_kept_elsewhere(pid: int, mark: str) -> bool:
    """Whether it is a supervisor or its guardian, or has the mark of another process: it is not ours to end."""
    own = _mark_in(pid)
    return (own is not None and own != mark) or is_supervisor(pid)


def is_supervisor(pid: int) -> bool:
    """Whether it is a supervisor, its guardian, its launcher or one of its owners, of whichever version."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False
    return any(part.endswith(_SCRIPT) for part in command.split("\0"))


def _has(pid: int, mark: str) -> bool:
    own = _mark_in(pid)
    return own is not None and (own == mark or (mark.endswith(":") and own.startswith(mark)))


def _mark_in(pid: int) -> str | None:
    # The file of a process that has ended and waits to be reaped is empty.
    try:
        return _in_environment(Path(f"/proc/{pid}/environ").read_bytes())
    except OSError:
        return None


def _in_environment(environment: bytes) -> str | None:
    start = f"{VARIABLE}=".encode()
    items = (item for item in environment.split(b"\0") if item.startswith(start))
    return next((item[len(start) :].decode(errors="replace") for item in items), None)


def _kill(pid: int, mark: str) -> None:
    """Looked at once more with the process held: its pid may be another's by now."""
    with suppress(OSError):
        descriptor = os.pidfd_open(pid)
        try:
            if _has(pid, mark):
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
        finally:
            os.close(descriptor)


def blindness() -> str:
    """Why a look for detached processes may miss some here, as a sentence; empty where it misses none."""
    if sys.platform == "linux":
        return ""
    return "This system does not tell which processes detached themselves from a program: look for them with ps"
