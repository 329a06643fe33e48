"""Logs: rotated without losing a line, read from the end."""

import asyncio
import sys
from pathlib import Path

import pytest

from tasks.supervisor.client import Supervisor
from tasks.supervisor.rotate import LARGEST, generations, remove, rotate, tail
from tasks.supervisor.syscalls import drop_front
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import python, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]

MANY = 300_000
WRITE = "import os\nfor n in range({many}): os.write(1, b'%0{width}d\\n' % n)"


def _numbers(log: Path) -> list[int]:
    parts = [path.read_bytes() for path in reversed(generations(log)) if path.exists()]
    return [int(line) for line in b"".join(parts).splitlines()]


def _can_drop_front(folder: Path) -> bool:
    probe = folder / "probe"
    probe.write_bytes(bytes(3 << 20))
    with probe.open("rb+") as file:
        try:
            drop_front(file.fileno(), 1 << 20)
        except OSError:
            return False
    return probe.stat().st_size == 2 << 20


async def test_no_line_is_lost_while_it_is_written(tmp_path: Path) -> None:
    if not _can_drop_front(tmp_path):
        pytest.skip("this file system cannot take blocks out of a file")
    log = tmp_path / "log"
    with log.open("ab") as file:
        code = WRITE.format(many=MANY, width=35)
        writer = await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdout=file)
    while writer.returncode is None:
        await rotate(log, 3 * 1024 * 1024)
        await asyncio.sleep(0.001)
    assert _numbers(log) == list(range(MANY))
    assert (tmp_path / "log.2").exists(), "it was rotated more than once"
    assert all(path.stat().st_mode & 0o077 == 0 for path in generations(log)[1:] if path.exists())


async def test_where_blocks_cannot_be_taken_out_it_is_truncated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(descriptor: int, size: int) -> None:
        raise OSError

    monkeypatch.setattr("tasks.supervisor.rotate.drop_front", refused)
    log = tmp_path / "log"
    with log.open("ab") as file:
        for part in range(6):
            file.write(b"".join(b"%01023d\n" % n for n in range(part * 3000, part * 3000 + 3000)))
            file.flush()
            await rotate(log, 2 * 1024 * 1024)
    assert _numbers(log) == list(range(2 * 3000, 6 * 3000))[3000 * 1 :], "the three newest are kept"
    assert log.stat().st_size == 0


def test_the_supervisor_rotates_what_its_processes_write(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(python("a", WRITE.format(many=MANY, width=99) + "\nimport time; time.sleep(1000)"))
    until_state(supervisor, "a", "healthy")
    wait_until((folder / "a.log.1").exists, "it was rotated")
    wait_until(lambda: (folder / "a.log").stat().st_size < 16 << 20, "and shortened")
    wait_until(lambda: len(_numbers(folder / "a.log")) >= MANY, "all was written")
    assert _numbers(folder / "a.log") == list(range(MANY))
    assert supervisor.logs("a", 3) == "".join(f"{n:099}\n" for n in range(MANY - 3, MANY))
    supervisor.remove("a")
    assert not list(folder.glob("*a.log*"))


@pytest.mark.parametrize("megabytes", [40, 140])
async def test_a_burst_of_any_speed_is_bounded_by_size(tmp_path: Path, megabytes: int) -> None:
    log = tmp_path / "log"
    lines = megabytes << 10
    with log.open("wb") as file:
        file.writelines(b"%01023d\n" % n for n in range(lines))
    await rotate(log)
    sizes = [path.stat().st_size for path in generations(log) if path.exists()]
    assert max(sizes) <= LARGEST + 100
    assert sum(sizes) <= 4 * LARGEST + 100
    head, *kept = b"".join(path.read_bytes() for path in reversed(generations(log)) if path.exists()).splitlines()
    if megabytes == 40:
        assert (int(head), [int(line) for line in kept]) == (0, list(range(1, lines))), "what has room is kept"
    else:
        assert head == b"... %d bytes were written faster than they are kept ..." % ((139 << 20) - 3 * LARGEST)
        assert [int(line) for line in kept] == list(range(lines - len(kept), lines)), "the newest lines are kept"
        assert len(kept) == (3 * LARGEST >> 10) + 1024
    assert len(tail(log, 10).splitlines()) == 10


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert tail(log, 3) == ""
    (tmp_path / "log.1").write_text("".join(f"old {n}\n" for n in range(20_000)))
    log.write_text("one\ntwo\nthr")
    assert tail(log, 0) == ""
    assert tail(log, 2) == "two\nthr"
    assert tail(log, 4) == "old 19999\none\ntwo\nthr"
    assert len(tail(log, 10_000).splitlines()) == 10_000
    log.write_bytes(b"x" * (10 << 20))
    assert tail(log, 5) == f"[a line of more than {8 << 20} bytes is left out]"
    remove(log)
    assert list(tmp_path.iterdir()) == []
