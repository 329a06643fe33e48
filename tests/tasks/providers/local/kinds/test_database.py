"""PostgreSQL: only its password opens it, whatever happens to it, and what was written stays."""

import os
import shutil
import signal
import sys
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.local.ports import is_free
from tasks.providers.local.postgres_start import forget_stranger
from tests.support.strangers import running
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.world import database, dsn, made, pid, stack, volume

pytestmark = [pytest.mark.local, pytest.mark.proof]


def test_only_the_right_password_opens_it_and_data_outlives_its_death(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    server = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(server)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        assert connection.execute("SHOW shared_buffers").fetchone() == ("32MB",)
        assert connection.execute("SHOW max_connections").fetchone() == ("20",)
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn(server, "wrong"))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(dsn(server, ""))

    before = pid(home, server)
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: answers(dsn(server)), "it answers after it was killed")
    assert pid(home, server) != before
    with psycopg.connect(dsn(server)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn(server, "wrong"))


def test_another_password_is_in_force_before_it_counts_as_healthy(provider: LocalProvider) -> None:
    store = made(provider, volume())
    first = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(first)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    provider.destroy(first)
    second = made(provider, database(store.outputs["path"], "new; -- 'quoted\\'", version=2))
    assert second.fingerprint != first.fingerprint
    assert second.outputs == first.outputs, "the port stays"
    with psycopg.connect(dsn(second, "new; -- 'quoted\\'")) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(dsn(second))


def test_data_stays_when_all_else_is_torn_down_and_serves_again(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    first = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(first)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    provider.destroy(first)
    assert provider.stacks() == (stack,)
    assert [each.address for each in LocalProvider(home).observe(stack)] == ["volume/database"]
    assert provider.create(volume()).outputs == store.outputs
    again = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(again)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)


def test_a_successor_never_runs_beside_the_one_before(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    first = made(provider, database(store.outputs["path"]))
    process = pid(home, first)
    second = provider.create(database(store.outputs["path"], version=2))
    assert second.incarnation == 2
    assert not Path(f"/proc/{process}").exists()
    assert [
        each.health.state for each in provider.observe(stack) if each.incarnation == 1 and each.kind == "database"
    ] == ["failed"]
    wait_healthy(provider, second)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says where a process stands")
@pytest.mark.parametrize("password", ["as before", "another"])
def test_a_pid_that_another_program_has_by_now(provider: LocalProvider, home: Path, password: str) -> None:
    store = made(provider, volume())
    server = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(server)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    provider.destroy(server)
    lock = Path(store.outputs["path"]) / "data" / "postmaster.pid"
    account = stack_accounts.find(home, stack)
    with running(["sleep", "1000"], user=account.uid if account else None, cwd="/") as stranger:
        lock.write_text(f"{stranger.pid}\n{lock.parent}\n1790000000\n5432\n\n127.0.0.1\n  5432001    123456\nready\n")
        if account:
            shutil.chown(lock, account.name)
        wanted = "it's a secret" if password == "as before" else "other"
        again = made(provider, database(store.outputs["path"], wanted, version=2))
        with psycopg.connect(dsn(again, wanted)) as connection:
            assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
        assert stranger.poll() is None


def test_a_lock_of_postgres_itself_stays(tmp_path: Path) -> None:
    lock = tmp_path / "postmaster.pid"
    with running(["sleep", "1000"], cwd=tmp_path) as server:
        for text in (f"{server.pid}\n{tmp_path}\n", f"-{server.pid}\n", "", "nothing\n", "4194304\n"):
            lock.write_text(text)
            forget_stranger(str(tmp_path))
            assert lock.read_text() == text
    lock.write_text(f"{os.getpid()}\n")
    forget_stranger(str(tmp_path))
    assert not lock.exists()


def test_half_an_initdb_is_begun_anew(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    half = Path(store.outputs["path"]) / "data.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    if account := stack_accounts.find(home, stack):
        shutil.chown(half, account.name)
        shutil.chown(half / "PG_VERSION", account.name)
    server = made(provider, database(store.outputs["path"]))
    assert answers(dsn(server))
    assert not half.exists()


def test_it_stops_cleanly_and_its_port_is_free(provider: LocalProvider) -> None:
    store = made(provider, volume())
    server = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(server), autocommit=True) as connection:
        provider.destroy(server)
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    assert is_free(int(server.outputs["port"]))
    assert not (Path(store.outputs["path"]) / "data" / "postmaster.pid").exists()


def test_what_cannot_be_is_refused_by_name(provider: LocalProvider, tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=r"volume .*nowhere is not there"):
        provider.create(database(str(tmp_path / "nowhere")))
    store = made(provider, volume())
    other = database(store.outputs["path"])
    with pytest.raises(ProviderError, match="runs postgres, not mysql"):
        provider.create(replace(other, settings={**other.settings, "engine": "mysql"}))


def answers(address: str) -> bool:
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        return False
    return True
