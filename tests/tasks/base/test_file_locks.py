"""Which processes keep others from writing to a file."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tasks.base.file_locks import writers


@pytest.mark.pure
def test_the_kernels_lines_are_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    status = file.stat()
    name = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    locks = tmp_path / "locks"
    locks.write_text(
        f"1: POSIX  ADVISORY  WRITE 812 {name} 120 120\n"
        f"1: -> POSIX  ADVISORY  WRITE 813 {name} 120 120\n"
        f"2: POSIX  ADVISORY  READ 814 {name} 128 128\n"
        "3: FLOCK  ADVISORY  WRITE 815 ff:ff:1 0 EOF\n"
    )
    assert writers(file, locks) == {812}
    assert writers(file, tmp_path / "none") == frozenset()
    assert writers(tmp_path / "gone", locks) == frozenset()


@pytest.mark.local
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel tells it on Linux alone")
def test_who_writes_to_a_database_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE a (b)")
    code = (
        "import sqlite3, sys; database = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "database.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as writer:
        assert writer.stdout
        assert writer.stdin
        writer.stdout.readline()
        holders = writers(path.with_name("a.db-shm"))
        writer.stdin.close()
    if not Path("/proc/locks").read_text():
        pytest.skip("this machine's kernel tells no locks")
    assert holders == {writer.pid}
