"""A full disk: told by its error, asked with a write, and explained with what uses it."""

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from infra_specs.errors import DiskFull

_FULL = (errno.ENOSPC, errno.EDQUOT)
_SQLITE = "database or disk is full"
_PROBE_BYTES = 256 * 1024
"""As much as a run writes into ledger and logs before anything else could notice."""
_BLOCK_BYTES = 512
"""Bytes of what stat(2) counts."""
_KINDS = (
    ("data of stacks", "stacks/*/volumes", "tenfold teardown STACK --delete-data, which deletes it for ever"),
    ("logs of stacks", "stacks/*/supervisor", "tenfold teardown STACK, which keeps its data"),
    ("Prefect's runs and logs", "prefect", "nothing by hand: what is older than a week is deleted by itself"),
    ("the control plane's logs", "control", "*.log.1 and older, in the folder control"),
    ("backups", "backups", "nothing by hand: say less under `keep`, or another place under `to`, in the stacks' files"),
    ("the ledger", "ledger.db*", "nothing: it is what cannot be observed"),
    ("programs", "programs", "folders of earlier versions"),
)
"""What of ours uses the disk, where it lies below a home, and how to remove some of it."""


@dataclass(frozen=True, slots=True)
class Use:
    """What something of ours uses, in bytes on the disk."""

    name: str
    size: int
    cure: str


def is_full(error: BaseException | None) -> bool:
    """Whether an error, or what caused it, says that a disk or a quota is full."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL:
            return True
        if isinstance(error, sqlite3.Error) and _SQLITE in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def has_space(folder: Path) -> bool:
    """Whether as much as a run needs can be written there, asked with a write. Only a full disk counts as none."""
    probe = folder / f".space-{os.getpid()}-{os.urandom(4).hex()}.tmp"
    try:
        with probe.open("wb") as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return error.errno not in _FULL
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    return True


def require_space(home: Path) -> None:
    """Raises DiskFull, with what uses the disk, if nothing can be written below the home."""
    if not has_space(home):
        raise DiskFull(explanation(home))


def explanation(home: Path) -> str:
    """That the disk is full, what of ours uses how much of it, and what can be removed."""
    uses = sorted(uses_of(home), key=lambda use: -use.size)
    lines = [f"  {size_text(use.size):>9}  {use.name}. Can be removed: {use.cure}" for use in uses if use.size]
    free = os.statvfs(home)
    left, whole = size_text(free.f_bavail * free.f_frsize), size_text(free.f_blocks * free.f_frsize)
    first = f"The disk of {home} is full, or a quota on it: {left} of {whole} are free. Tenfold uses of it:"
    last = "Make room, there or of what is not Tenfold's, and run this again: nothing has to be repaired."
    return "\n".join([first, *lines, last])


def uses_of(home: Path) -> Iterator[Use]:
    """How much each kind of thing below a home uses; 0 for what is not there."""
    for name, pattern, cure in _KINDS:
        yield Use(name, sum(_used(path) for path in home.glob(pattern)), cure)


def _used(path: Path) -> int:
    """Bytes on the disk, of what we may look into. No link is followed."""
    total = 0
    with suppress(OSError):
        total = path.lstat().st_blocks * _BLOCK_BYTES
    for folder, folders, files in os.walk(path):
        for name in (*folders, *files):
            with suppress(OSError):
                total += (Path(folder) / name).lstat().st_blocks * _BLOCK_BYTES
    return total


def size_text(size: int) -> str:
    """Bytes as a person reads them: `1.2 MB`."""
    for unit, step in (("GB", 10**9), ("MB", 10**6), ("KB", 10**3)):
        if size >= step:
            return f"{size / step:.1f} {unit}"
    return f"{size} bytes"
