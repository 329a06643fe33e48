"""What lies in a supervisor's folder, and how its socket is reached however long the path is."""

import errno
import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = "supervisor.lock"
SOCKET = "supervisor.sock"
STATE = "state.json"
LOG = "supervisor.log"
STRAYS = "strays.json"

_LONGEST = 107 if sys.platform == "linux" else 103


def is_held(folder: Path) -> bool:
    """Whether a supervisor (or the guardian that restarts it) lives: one of them holds the lock at any time."""
    try:
        lock = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        # Shared, so that those who ask do not exclude one another; a daemon that meets it is started again by `start`.
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


@contextmanager
def short(path: Path) -> Iterator[str]:
    """A name of that socket which fits the kernel's limit. OSError where there is none."""
    if len(os.fsencode(path)) <= _LONGEST:
        yield str(path)
        return
    if sys.platform != "linux":
        raise OSError(errno.ENAMETOOLONG, f"a socket's path may have {_LONGEST} bytes here: choose a shorter folder")
    # Through an open folder: no second place below a shared /tmp that could be squatted or cleaned away.
    parent = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{parent}/{path.name}"
    finally:
        os.close(parent)


def log_name(name: str) -> str:
    """A file name for a process's log: no two names share one."""
    return name.replace("%", "%25").replace("/", "%2F") + ".log"
