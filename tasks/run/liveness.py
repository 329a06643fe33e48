"""Whether a flow run's process still lives: it holds a lock on a file for as long as it does.

The kernel gives the lock back when the process ends, however it ends, so nobody is ever taken for alive or dead
by mistake.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def present(home: Path, flow_run: str) -> Iterator[None]:
    """Be seen as alive, under the id of a flow run, until the block or the process ends."""
    folder = home / "present"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / flow_run
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def absent(home: Path, flow_run: str) -> bool:
    """True if this flow run's process was here and is gone; False if it lives or was never here."""
    try:
        with (home / "present" / flow_run).open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def unheard(home: Path, flow_run: str) -> bool:
    """True if this flow run's process left no trace: it never began, or has come to its end."""
    return not (home / "present" / flow_run).exists()


def forget(home: Path, flow_run: str) -> None:
    """Clear away what a gone process left."""
    (home / "present" / flow_run).unlink(missing_ok=True)
