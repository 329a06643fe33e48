"""A full disk is told by its error, asked with a write, and explained with what uses it."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from infra_specs.errors import DiskFull, LedgerError, ProviderError
from tasks.base import disk
from tasks.ledger.database import Database
from tasks.providers.local.errors import translated

pytestmark = pytest.mark.pure


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each write that is to be on the disk fails, as on a full one."""

    def fsync(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", fsync)


def _caused(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), True),
        (sqlite3.OperationalError("database or disk is full"), True),
        (_caused(RuntimeError("a run failed"), OSError(errno.ENOSPC, "")), True),
        (OSError(errno.EIO, "Input/output error"), False),
        (OSError(errno.EFBIG, "File too large"), False),
        (sqlite3.OperationalError("disk I/O error"), False),
        (RuntimeError("the answer was: database or disk is full"), False),
    ],
)
def test_which_errors_say_it(error: Exception, expected: bool) -> None:
    assert disk.is_full(error) is expected


def test_it_is_asked_with_a_write(tmp_path: Path) -> None:
    assert disk.has_space(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert disk.has_space(tmp_path / "nowhere"), "another fault is none of a full disk"


@pytest.mark.usefixtures("full")
def test_what_uses_it_is_told_the_largest_first(tmp_path: Path) -> None:
    for name, size in (("stacks/a/volumes/v/file", 300_000), ("prefect/prefect.db", 100_000), ("ledger.db-wal", 9_000)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([1]) * size)
    with pytest.raises(DiskFull) as told:
        disk.require_space(tmp_path)
    lines = str(told.value).splitlines()
    assert lines[0].startswith(f"The disk of {tmp_path} is full, or a quota on it: ")
    assert [line.split("  ")[-1].partition(".")[0] for line in lines[1:-1]] == [
        "data of stacks",
        "Prefect's runs and logs",
        "the ledger",
    ]
    assert "Can be removed: tenfold teardown STACK --delete-data" in lines[1]
    assert not list(tmp_path.glob(".space*"))


@pytest.mark.usefixtures("full")
def test_a_ledger_on_a_full_disk_says_so(tmp_path: Path) -> None:
    with (
        pytest.raises(DiskFull, match="its disk is full"),
        Database(f"sqlite:///{tmp_path}/ledger.db").write() as connection,
    ):
        connection.exec_driver_sql("SELECT * FROM nothing")


def test_it_is_an_error_of_the_ledger_and_of_a_target() -> None:
    with pytest.raises(DiskFull, match=r"could not write /srv/x: the disk is full"), translated():
        raise OSError(errno.EDQUOT, "Disk quota exceeded", "/srv/x")
    assert issubclass(DiskFull, LedgerError)
    assert issubclass(DiskFull, ProviderError)
