"""The database that a first start begins with is the one that Prefect would make, and nobody's in particular."""

import errno
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

import pytest

from deployments.server.prepared_database import FILE, HEAD, is_as_prepared, prepare

HERE = version("prefect")
SELECT_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table'"
FILLED = {"alembic_version", "block_type", "block_schema", "block_schema_reference"}


def rows(connection: sqlite3.Connection, query: str) -> list[tuple[str, ...]]:
    return connection.execute(query).fetchall()


@pytest.mark.pure
def test_it_is_made_for_the_prefect_that_is_installed() -> None:
    made = FILE.read_text().splitlines()[0].removeprefix(HEAD)
    assert made == HERE, "make it anew: python -m deployments.server.write_prepared_database"


@pytest.mark.pure
def test_it_holds_nothing_of_an_installation(tmp_path: Path) -> None:
    assert prepare(tmp_path, HERE)
    with closing(sqlite3.connect(tmp_path / "prefect.db")) as connection:
        filled = {name for (name,) in rows(connection, SELECT_NAMES) if rows(connection, f'SELECT 1 FROM "{name}"')}
    assert filled == FILLED


@pytest.mark.pure
def test_it_is_its_owners_alone_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    folder = tmp_path / "prefect"
    before = os.umask(0)
    try:
        assert prepare(folder, HERE)
    finally:
        os.umask(before)
    assert [path.name for path in folder.iterdir()] == ["prefect.db"]
    assert (folder / "prefect.db").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.pure
def test_a_database_that_is_there_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "prefect.db").write_text("precious")
    assert not prepare(tmp_path, HERE)
    assert (tmp_path / "prefect.db").read_text() == "precious"


@pytest.mark.pure
def test_another_version_of_prefect_makes_its_own(tmp_path: Path) -> None:
    assert not prepare(tmp_path, f"{HERE}.1")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.pure
@pytest.mark.parametrize(
    ("function", "error"),
    [
        ("os.link", OSError(errno.ENOTSUP, "Operation not supported")),
        ("os.link", PermissionError(errno.EPERM, "Operation not permitted")),
        ("sqlite3.connect", sqlite3.OperationalError("disk I/O error")),
    ],
)
def test_what_keeps_it_from_being_made_keeps_no_server_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, function: str, error: Exception
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(f"deployments.server.prepared_database.{function}", fail)
    assert not prepare(tmp_path, HERE)
    assert list(tmp_path.iterdir()) == []
    assert str(error) in caplog.text


@pytest.mark.pure
@pytest.mark.parametrize(
    ("change", "is_current"),
    [
        ("SELECT 1", True),
        ("PRAGMA journal_mode = WAL", True),
        ("UPDATE block_type SET name = 'renamed by hand'", True),
        ("INSERT INTO block_type (name, slug, is_protected) VALUES ('own', 'own', 0)", True),
        ("UPDATE alembic_version SET version_num = 'earlier'", False),
        ("DELETE FROM alembic_version", False),
        ("DELETE FROM block_schema WHERE rowid = 1", False),
        ("UPDATE block_schema SET checksum = 'of an earlier version' WHERE rowid = 1", False),
        ("DROP TABLE block_schema", False),
    ],
)
def test_a_database_that_has_all_of_it_need_not_be_looked_through(
    tmp_path: Path, change: str, is_current: bool
) -> None:
    assert prepare(tmp_path, HERE)
    with closing(sqlite3.connect(tmp_path / "prefect.db", isolation_level=None)) as connection:
        connection.execute(change)
    assert is_as_prepared(tmp_path, HERE) is is_current
    assert not is_as_prepared(tmp_path, f"{HERE}.1")


@pytest.mark.pure
def test_one_that_is_not_there_or_broken_is_left_to_prefect(tmp_path: Path) -> None:
    assert not is_as_prepared(tmp_path, HERE)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "prefect.db").write_text("no database")
    assert not is_as_prepared(tmp_path, HERE)


@pytest.mark.local
@pytest.mark.prefect
@pytest.mark.proof
def test_it_is_what_prefect_would_make(tmp_path: Path) -> None:
    program = "import asyncio; from deployments.server.write_prepared_database import made; print(asyncio.run(made()))"
    environment = {**os.environ, "PREFECT_HOME": str(tmp_path)}
    command = [sys.executable, "-c", program]
    text = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    with closing(sqlite3.connect(":memory:")) as theirs, closing(sqlite3.connect(":memory:")) as ours:
        theirs.executescript(text)
        ours.executescript(FILE.read_text())
        assert content(ours) == content(theirs)


def content(connection: sqlite3.Connection) -> tuple[object, ...]:
    """What does not differ from one making to the next: Prefect orders constraints by chance, and makes new ids."""
    schema = {
        (kind, name, tuple(sorted(line.strip(" \t,") for line in (sql or "").splitlines())))
        for kind, name, sql in rows(connection, "SELECT type, name, sql FROM sqlite_master")
    }
    types = sorted(rows(connection, "SELECT slug FROM block_type"))
    checksums = sorted(rows(connection, "SELECT checksum FROM block_schema"))
    return schema, types, checksums, rows(connection, "SELECT version_num FROM alembic_version")
