"""Which processes keep all others from writing to a file, as the kernel tells it."""

import os
from contextlib import suppress
from pathlib import Path

LOCKS = Path("/proc/locks")


def writers(path: Path, locks: Path = LOCKS) -> frozenset[int]:
    """The pids of the processes that hold a write lock on a file; empty where nobody can tell."""
    with suppress(OSError):
        status = path.stat()
        file = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
        return frozenset(_holders(locks.read_text(), file))
    return frozenset()


def _holders(text: str, file: str) -> list[int]:
    """Lines are as `7: POSIX  ADVISORY  WRITE 812 08:01:131 120 120`; those with `->` wait for the line above."""
    rows = [line.split() for line in text.splitlines()]
    return [int(row[4]) for row in rows if len(row) == 8 and row[3] == "WRITE" and row[5] == file]
