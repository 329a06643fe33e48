"""The databases themselves: who may read the file, and what is said when one is away, locked or impossible."""

import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.sql.compiler import SQLCompiler

from infra_specs.errors import LedgerBusy, LedgerError, TransientError
from infra_specs.turns import Ticket
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner, database
from tasks.ledger.locks import guard
from tests.support.postgres import Postgres


@pytest.fixture
def on_disk(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def test_the_file_is_for_this_user_alone(on_disk: Settings) -> None:
    with Ledger.open(on_disk) as ledger:
        ledger.secrets.set("shop", "stripe", "value")
        files = list(on_disk.home.glob("ledger.db*"))
        assert {file.name for file in files} >= {"ledger.db", "ledger.db-wal"}
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(on_disk.home.stat().st_mode) == 0o700


def test_a_power_cut_loses_nothing(on_disk: Settings) -> None:
    Ledger.open(on_disk).close()
    with database.Database(on_disk.ledger_url).read() as connection:
        asked = ("journal_mode", "synchronous", "foreign_keys")
        assert [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar() for pragma in asked] == ["wal", 2, 1]


def test_a_statement_is_compiled_once_by_all_who_open_the_ledger(
    on_disk: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = list[str]()
    init = SQLCompiler.__init__

    def noted(self: SQLCompiler, *args: Any, **options: Any) -> None:
        init(self, *args, **options)
        compiled.append(self.string)

    Ledger.open(on_disk).close()
    monkeypatch.setattr(SQLCompiler, "__init__", noted)
    for _ in range(3):
        with Ledger.open(on_disk) as ledger:
            assert ledger.stacks.find("shop") is None
    assert len([text for text in compiled if "FROM stack" in text]) == 1


def test_who_closes_the_ledger_closes_only_its_own_connections(on_disk: Settings) -> None:
    with Ledger.open(on_disk) as first:
        Ledger.open(on_disk).close()
        with database.Database(on_disk.ledger_url).read() as connection:
            Ledger.open(on_disk).close()
            assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        assert first.stacks.all() == ()
        assert (on_disk.home / "ledger.db-wal").exists()


def test_locked_for_too_long_is_transient(on_disk: Settings, monkeypatch: pytest.MonkeyPatch, me: Owner) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    with Ledger.open(on_disk) as ledger:
        other = sqlite3.connect(on_disk.home / "ledger.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusy, match=r"was locked by another process for 0\.1 s\. Try again"):
            ledger.locks.acquire("shop", me, 10)
        assert ledger.locks.holder("shop") is None
        other.close()
        ledger.locks.acquire("shop", me, 10)


def test_a_file_that_is_no_database_is_said(on_disk: Settings) -> None:
    on_disk.home.mkdir()
    (on_disk.home / "ledger.db").write_text("not a database" * 1000)
    with pytest.raises(LedgerError, match="cannot be used: file is not a database") as refused:
        Ledger.open(on_disk)
    assert not isinstance(refused.value, TransientError)


def test_a_place_that_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LedgerError, match="cannot be made"):
        Ledger.open(Settings(home=tmp_path / "file" / "home"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "is not the URL of a database"),
        ("ledger.db", "is not the URL of a database"),
        ("sqlite://", "names no absolute path"),
        ("sqlite:///ledger.db", "names no absolute path"),
        ("mysql://root:s3cret@host/name", "names the database `mysql`"),
    ],
)
def test_a_wrong_url_is_said(tmp_path: Path, url: str, said: str) -> None:
    with pytest.raises(LedgerError, match=said) as refused:
        Ledger.open(Settings(home=tmp_path, ledger_url=url))
    assert "s3cret" not in str(refused.value)


def test_a_server_that_is_away_is_transient_and_its_password_unsaid(tmp_path: Path) -> None:
    url = f"postgresql://tenfold:s3cret@/ledger?host={tmp_path}"
    with pytest.raises(LedgerBusy, match="cannot be reached") as refused:
        Ledger.open(Settings(home=tmp_path, ledger_url=url))
    assert "s3cret" not in str(refused.value)


@pytest.mark.local
def test_lost_connections_are_made_again(postgres: Postgres, tmp_path: Path, me: Owner) -> None:
    url = postgres.new_schema()
    with Ledger.open(Settings(home=tmp_path, ledger_url=url)) as ledger:
        lease = ledger.locks.acquire("shop", me, 600)
        with psycopg.connect(postgres.url, autocommit=True) as admin:
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tenfold'")
        ledger.locks.check(lease)


@pytest.mark.local
def test_the_start_of_a_run_and_the_renewal_of_its_lease_do_not_wait_for_each_other(
    postgres: Postgres, tmp_path: Path, me: Owner
) -> None:
    config = Settings(home=tmp_path, ledger_url=postgres.new_schema())
    other = database.Database(config.ledger_url)
    with Ledger.open(config) as ledger, ThreadPoolExecutor() as threads:
        lease = ledger.locks.acquire("shop", me, 600, Ticket(1.0, "run-1"))
        with other.write() as connection:  # a third one, so that both of them come to wait
            guard(connection, lease)
            begun = threads.submit(ledger.runs.begin, lease, "deploy", "asked for", {})
            renewed = threads.submit(ledger.locks.renew, lease)
            _await_waiting(postgres, 2)
        assert (renewed.result(60), ledger.runs.get(begun.result(60)).state) == (None, "running")
    other.close()


def _await_waiting(postgres: Postgres, count: int) -> None:
    deadline = time.monotonic() + 60
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tenfold' AND wait_event_type = 'Lock'"
    with psycopg.connect(postgres.url, autocommit=True) as admin:
        while admin.execute(query).fetchone() != (count,):
            assert time.monotonic() < deadline
            time.sleep(0.02)


@pytest.mark.local
def test_one_stopped_within_a_transaction_is_not_waited_for(
    postgres: Postgres, tmp_path: Path, me: Owner, gone: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "STUCK_SECONDS", 1)
    config = Settings(home=tmp_path, ledger_url=postgres.new_schema())
    stopped = database.Database(config.ledger_url)
    with Ledger.open(config) as ledger, ThreadPoolExecutor() as threads:
        lost = ledger.locks.acquire("shop", gone, 600)
        with pytest.raises(LedgerBusy), stopped.write() as connection:  # noqa: PT012 - it is the end that fails
            guard(connection, lost)
            ours = threads.submit(ledger.locks.acquire, "shop", me, 600).result(60)
        ledger.locks.check(ours)
    stopped.close()
