"""Whether a flow run's process is alive: it holds a lock on a file for as long as it lives.

The kernel releases the lock when the process ends, however it ends. So the answer is never wrong.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alive_while(home: Path, flow_run: str) -> Iterator[None]:
    """Show this process as alive, under the id of a flow run, until the block or the process ends."""
    folder = home / "present"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / flow_run
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def is_dead(home: Path, flow_run: str) -> bool:
    """True if the flow run's process left a lock file and has ended. False if it lives or left no file."""
    try:
        with (home / "present" / flow_run).open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def has_no_trace(home: Path, flow_run: str) -> bool:
    """True if there is no lock file: the flow run never began, or ended regularly."""
    return not (home / "present" / flow_run).exists()


def forget(home: Path, flow_run: str) -> None:
    """Remove the lock file of a dead process."""
    (home / "present" / flow_run).unlink(missing_ok=True)
