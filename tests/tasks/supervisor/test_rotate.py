"""Rotation on a disk that is almost full."""

import asyncio
import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tasks.supervisor import rotate as rotation
from tasks.supervisor.rotate import LARGEST, generations, rotate

pytestmark = pytest.mark.pure
MEGABYTE = 1 << 20


def burst(log: Path, megabytes: int) -> bytes:
    text = b"".join(b"%01023d\n" % number for number in range(megabytes << 10))
    log.write_bytes(text)
    return text


def take_out(descriptor: int, size: int) -> None:
    """As `drop_front` does, on any file system."""
    rest = os.pread(descriptor, os.fstat(descriptor).st_size, size)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, rest, 0)


def text_of(log: Path) -> bytes:
    return b"".join(path.read_bytes() for path in reversed(generations(log)) if path.exists())


def test_each_part_is_taken_out_before_the_next_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, taken = tmp_path / "log", list[tuple[int, int]]()

    def drop(descriptor: int, size: int) -> None:
        taken.append((size, sum(path.exists() for path in generations(log)[1:])))
        take_out(descriptor, size)

    monkeypatch.setattr(rotation, "drop_front", drop)
    text = burst(log, 40)
    asyncio.run(rotate(log))
    assert taken == [(LARGEST, 1), (LARGEST, 2), (7 * MEGABYTE, 3)]
    assert text_of(log) == text


def test_what_is_not_kept_goes_with_the_first_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "drop_front", take_out)
    log = tmp_path / "log"
    text = burst(log, 60)
    asyncio.run(rotate(log))
    head, _, kept = text_of(log).partition(b"\n")
    assert head == b"... %d bytes were written faster than they are kept ..." % (11 * MEGABYTE)
    assert kept == text[11 * MEGABYTE :]


@pytest.mark.parametrize("drops", [True, False])
def test_a_write_that_takes_a_part_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drops: bool) -> None:
    write = os.write

    def refuse(_descriptor: int, _size: int) -> None:
        raise OSError(errno.EOPNOTSUPP, "no such call")

    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[: MEGABYTE // 3]))
    monkeypatch.setattr(rotation, "drop_front", take_out if drops else refuse)
    log = tmp_path / "log"
    text = burst(log, 20)
    asyncio.run(rotate(log))
    assert text_of(log) == text


def test_a_full_disk_keeps_no_draft_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, free = os.write, 18 * MEGABYTE

    def write_while_there_is_room(descriptor: int, data: Any) -> int:
        nonlocal free
        if not free:
            raise OSError(errno.ENOSPC, "no space left on device")
        written = write(descriptor, data[:free])
        free -= written
        return written

    monkeypatch.setattr(os, "write", write_while_there_is_room)
    monkeypatch.setattr(rotation, "drop_front", take_out)
    log = tmp_path / "log"
    text = burst(log, 40)
    with pytest.raises(OSError, match="no space"):
        asyncio.run(rotate(log))
    assert text_of(log) == text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "log.1"]
