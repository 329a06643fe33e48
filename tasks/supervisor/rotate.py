"""Logs that stay small and lose no line, while their writers hold them open and never notice."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from tasks.base.log_lines import READ_BYTES, last_lines
from tasks.supervisor.syscalls import drop_front

LARGEST = 16 * 1024 * 1024
KEPT = 3
_BLOCK = 1024 * 1024
"""A multiple of every file system's block, which is what can be taken out of a file."""


def generations(log: Path) -> list[Path]:
    """The log and its older parts, newest first, there or not."""
    return [log, *(log.with_name(f"{log.name}.{number}") for number in range(1, KEPT + 1))]


async def rotate(log: Path, largest: int = LARGEST) -> None:
    """Move what a log holds to LOG.1 once it has `largest` bytes, in several parts if it grew by more than LARGEST.

    No part is larger than LARGEST and `KEPT` are kept, so a burst of any speed leaves no more than these; the oldest
    part says how much of it is gone.

    Whole blocks are copied and then taken out of the front of the file, which loses nothing that is written
    meanwhile. Where the file system cannot do that, the copy is followed by a truncation, which may lose the lines
    of that moment. Ended in between, the same lines are in both files.
    """
    try:
        source = os.open(log, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return
    try:
        size = os.fstat(source).st_size
        if size < largest:
            return
        # Not up to the end: the last block cannot be taken out.
        whole = (size - 1) // _BLOCK * _BLOCK
        await _move(log, source, parts_of(whole))
    finally:
        os.close(source)


def parts_of(size: int) -> list[tuple[int, int]]:
    """The parts that are kept of so many bytes, the oldest first: where each begins and ends."""
    first = max(0, size - KEPT * LARGEST)
    return [(start, min(start + LARGEST, size)) for start in range(first, size, LARGEST)]


async def _move(log: Path, source: int, parts: Sequence[tuple[int, int]]) -> None:
    """Make LOG.1 of each part in turn and take it out of the log, so that there is never more than one part twice."""
    taken, dropped = 0, parts[0][0] if parts else 0
    for start, end in parts:
        await _keep(log, source, start - taken, end - taken, dropped=dropped)
        dropped = 0
        try:
            drop_front(source, end - taken)
            taken = end
        except OSError:
            if end == parts[-1][1]:
                await _empty(log, source, end - taken)


async def _keep(log: Path, source: int, start: int, end: int, *, dropped: int) -> None:
    """Make LOG.1 of a part of the log. `dropped`: the bytes before this part that are not kept."""
    draft = log.with_name(f".{log.name}.1")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as target:
            if dropped:
                note = f"... {dropped} bytes were written faster than they are kept ...\n"
                _write(target.fileno(), note.encode())
            await _copy(source, target.fileno(), start, end)
        _shift(log, draft)
    except OSError:
        # Mostly a full disk, which it would keep full.
        draft.unlink(missing_ok=True)
        raise


async def _empty(log: Path, source: int, start: int) -> None:
    """Add what follows the last part to LOG.1, and empty the log."""
    with os.fdopen(
        os.open(generations(log)[1], os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC), "wb"
    ) as target:
        await _copy(source, target.fileno(), start, None)
        os.ftruncate(source, 0)


def remove(log: Path) -> None:
    """Delete a log with its older parts."""
    for path in (*generations(log), log.with_name(f".{log.name}.1")):
        path.unlink(missing_ok=True)


def tail(log: Path, lines: int) -> str:
    """The last lines, oldest first, across a rotation; reads little more than it returns, at most `READ_BYTES`."""
    pieces, ends, missing = list[bytes](), 0, READ_BYTES
    for path in generations(log):
        with suppress(FileNotFoundError), path.open("rb") as file:
            position = file.seek(0, os.SEEK_END)
            while position and missing > 0 and ends <= lines:
                step = min(position, missing, 64 * 1024)
                position -= step
                missing -= step
                file.seek(position)
                pieces.append(file.read(step))
                ends += pieces[-1].count(b"\n")
    return last_lines(b"".join(reversed(pieces)), lines, whole=missing > 0)


async def _copy(source: int, target: int, start: int, end: int | None) -> None:
    """In pieces, so that probes are not kept waiting; without an end as far as the file goes."""
    position = start
    while end is None or position < end:
        piece = os.pread(source, _BLOCK if end is None else min(_BLOCK, end - position), position)
        if not piece:
            return
        _write(target, piece)
        position += len(piece)
        if end is not None:
            await asyncio.sleep(0)


def _write(target: int, data: bytes) -> None:
    """All of it: a disk that is almost full may take a part, and refuse the next."""
    left = memoryview(data)
    while left:
        left = left[os.write(target, left) :]


def _shift(log: Path, newest: Path) -> None:
    """LOG.2 becomes LOG.3, LOG.1 becomes LOG.2, `newest` becomes LOG.1."""
    older = generations(log)[1:]
    for path, successor in reversed(list(pairwise(older))):
        with suppress(FileNotFoundError):
            path.replace(successor)
    newest.replace(older[0])
