"""Who holds a folder's lock: its guardian and its supervisor. If all of them are stopped, nobody else can mend it.

The two watch each other, so one that is stopped is ended by the other. What is left are both at once, and one that is
stopped while the other was killed: then whoever asks the supervisor in vain ends them, and another takes their place.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

from tasks.supervisor.folder import LOCK
from tasks.supervisor.identity import is_stopped


def end_stopped_holders(folder: Path) -> bool:
    """Kill what holds the folder's lock if all of it is stopped (SIGSTOP); whether that was so.

    What they keep runs on, and the next supervisor adopts it. Nobody is found on a system without /proc.
    """
    pids = _holders(folder / LOCK)
    if not pids or not all(map(is_stopped, pids)):
        return False
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return True


def _holders(lock: Path) -> list[int]:
    """The processes that have the lock's file open, as far as we may look: others of this account, or all for root."""
    with suppress(OSError):
        wanted = os.path.realpath(lock)  # noqa: PTH
        return [pid for pid in _processes() if pid != os.getpid() and _has_open(pid, wanted)]
    return []


def _processes() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names are all we want


def _has_open(pid: int, path: str) -> bool:
    with suppress(OSError):
        for descriptor in os.scandir(f"/proc/{pid}/fd"):
            with suppress(OSError):  # closed meanwhile
                if os.readlink(descriptor.path) == path:  # noqa: PTH115
                    return True
    return False
