"""The account of a stack: when it is made, when it goes, and whose data is whose."""

import json
import os
import pwd
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local import LocalProvider, binaries
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor import client
from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.accounts.looks import WITH_ACCOUNTS, job, owners
from tests.tasks.providers.local.world import (
    database,
    dsn,
    get,
    made,
    pid,
    processes_naming,
    proxy,
    replica,
    route,
    stack,
    volume,
)

pytestmark = [pytest.mark.proof, pytest.mark.local, WITH_ACCOUNTS]


def test_the_account_goes_with_the_last_thing_and_not_before(provider: LocalProvider, home: Path) -> None:
    store = made(provider, volume())
    server = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(server)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    before = stack_accounts.find(home, stack)
    assert before is not None
    provider.destroy(server)
    assert stack_accounts.find(home, stack) == before, "its data is kept"
    server = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(server)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    seconds = f"{os.getpid()}0123"
    escaped = made(provider, replica(command=["sh", "-c", f"setsid sleep {seconds} & exec sleep 1000"], serves=False))
    wait_until(lambda: len(processes_naming(f"sleep\0{seconds}")) == 1, "it has left its group")
    Path(f"/tmp/tenfold-litter-{os.getpid()}").touch()
    os.chown(f"/tmp/tenfold-litter-{os.getpid()}", before.uid, before.gid)
    for instance in (escaped, server, store):
        provider.destroy(instance)
    assert stack_accounts.find(home, stack) is None
    assert before.name not in Path("/etc/group").read_text()
    assert processes_naming(f"sleep\0{seconds}") == []
    assert not Path(f"/tmp/tenfold-litter-{os.getpid()}").exists(), "nobody who gets its number gets its files"
    provider.destroy(store)


def test_data_whose_account_is_gone_is_the_next_ones(provider: LocalProvider, home: Path) -> None:
    """As after a move to another machine, or `userdel` by hand."""
    store = made(provider, volume())
    server = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(server)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    provider.destroy(server)
    stack_accounts.remove(home, stack)
    stack_accounts.ensure(home, "in-between")
    again = made(provider, database(store.outputs["path"]))
    with psycopg.connect(dsn(again)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    stack_accounts.remove(home, "in-between")


def test_data_from_before_is_taken_over_once_what_ran_on_it_has_ended(
    provider: LocalProvider, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(stack_accounts, "are_possible", lambda: False)
        before.setattr(stack_accounts, "find", lambda *_: None)
        store = made(provider, volume())
        old = made(provider, database(store.outputs["path"]))
        data = made(provider, replace(volume(), address="volume/web.data"))
        web = replace(replica(env={"WEB_DATA_DIRECTORY": data.outputs["path"]}), singleton=True)
        writer = made(provider, web)
        assert provider.shell.execute(writer, ["sh", "-c", "echo old > $WEB_DATA_DIRECTORY/a"], terminal=False) == 0
        proxied = made(provider, proxy())
        way = made(provider, route(writer))
    assert owners(home, old) == {pwd.getpwnam(binaries.account() or "").pw_uid}
    assert owners(home, writer) == {0}
    with psycopg.connect(dsn(old)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")

    assert made(provider, volume()) == store
    other = made(provider, replica(1))
    account = stack_accounts.find(home, stack)
    assert account is not None
    assert owners(home, other) == {account.uid}
    assert owners(home, old) != {account.uid}, "what runs is not restarted"
    provider.update(way, route(writer, other))
    wait_until(lambda: get(proxied.outputs["port"])[1].startswith("web-1"), "an old proxy takes new routes in")
    psycopg.connect(dsn(old)).close()
    os.kill(pid(home, old), 9)
    wait_until(lambda: owners(home, old) == {pwd.getpwnam(binaries.account() or "").pw_uid}, "it is back as it was")
    wait_healthy(provider, old)

    new = made(provider, database(store.outputs["path"], version=2))
    assert owners(home, new) == {account.uid}
    with psycopg.connect(dsn(new)) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
    owned = {path.stat().st_uid for path in Path(store.outputs["path"]).rglob("*")}
    assert owned == {account.uid}
    provider.destroy(writer)
    reader = made(provider, replace(web, settings={**web.settings, "health": "/"}, digests={}))
    assert provider.shell.execute(reader, ["sh", "-c", "echo new >> $WEB_DATA_DIRECTORY/a"], terminal=False) == 0
    assert (Path(data.outputs["path"]) / "a").read_text() == "old\nnew\n"
    provider.destroy(proxied)
    assert owners(home, made(provider, proxy())) == {account.uid}


def test_what_an_old_replica_makes_after_a_job_is_the_next_ones(
    provider: LocalProvider, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(stack_accounts, "are_possible", lambda: False)
        before.setattr(stack_accounts, "find", lambda *_: None)
        data = Path(made(provider, replace(volume(), address="volume/web.data")).outputs["path"])
        web = replace(replica(env={"WEB_DATA_DIRECTORY": str(data)}), singleton=True)
        old = made(provider, web)
        command = ["sh", "-c", "mkdir -p $WEB_DATA_DIRECTORY/new && echo old > $WEB_DATA_DIRECTORY/new/file"]
    task = job(stack, "true")
    provider.create(replace(task, settings={**task.settings, "env": web.settings["env"]}, digests={}))
    assert data.stat().st_uid == 0, "it is the old replica's as long as that runs"
    account = stack_accounts.find(home, stack)
    assert account is not None
    os.chown(data, account.uid, account.gid)  # as jobs did before
    assert provider.shell.execute(old, command, terminal=False) == 0
    assert (data / "new" / "file").stat().st_uid == 0
    new = made(provider, replace(web, settings={**web.settings, "health": "/"}, digests={}))
    assert provider.shell.execute(new, ["sh", "-c", "echo new >> $WEB_DATA_DIRECTORY/new/file"], terminal=False) == 0
    assert (data / "new" / "file").read_text() == "old\nnew\n"


def test_half_an_account_is_made_whole(home: Path) -> None:
    """What a useradd leaves that is killed between the files it writes."""
    name = stack_accounts.name_of(home, stack)
    subprocess.run(["groupadd", "--system", name], check=True)
    account = stack_accounts.ensure(home, stack)
    assert account is not None
    lines = Path("/etc/group").read_text()
    subprocess.run(["usermod", "--gid", "65534", name], check=True)
    subprocess.run(["groupdel", name], check=True)
    line = f"s/^\\({name}:x:{account.uid}\\):65534:/\\1:{account.gid}:/"
    subprocess.run(["sed", "-i", line, "/etc/passwd"], check=True)
    assert stack_accounts.ensure(home, stack) == account
    assert sorted(Path("/etc/group").read_text().split()) == sorted(lines.split())
    stack_accounts.remove(home, stack)
    subprocess.run(["groupadd", "--system", name], check=True)
    stack_accounts.remove(home, stack)
    assert name not in Path("/etc/group").read_text()


def test_an_account_whose_stack_has_nothing_goes_with_the_next_sweep(provider: LocalProvider, home: Path) -> None:
    stack_accounts.ensure(home, "lost")
    StackFolder(home, "empty").path.mkdir(parents=True)
    stack_accounts.ensure(home, "empty")
    provider.create(volume("held"))
    provider.sweep("any")
    assert list(stack_accounts.stacks_of(home)) == ["held"]


def test_many_at_once_make_one_account_each(home: Path) -> None:
    names = [f"stack-{number % 6}" for number in range(24)]
    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(lambda name: stack_accounts.ensure(home, name), names))
        assert len({account.uid for account in found if account}) == 6
        assert sorted(stack_accounts.stacks_of(home)) == sorted(set(names))
        list(threads.map(lambda name: stack_accounts.remove(home, name), names))
    assert list(stack_accounts.stacks_of(home)) == []


def test_a_foreign_account_of_its_name_is_refused(home: Path) -> None:
    name = stack_accounts.name_of(home, stack)
    subprocess.run(["useradd", "--system", "--comment", "somebody", name], check=True)
    try:
        with pytest.raises(ProviderError, match=f"the account {name} is not one that Tenfold made for shop: rename it"):
            stack_accounts.ensure(home, stack)
    finally:
        subprocess.run(["userdel", name], check=True)


def test_a_supervisor_from_before_is_replaced_while_what_it_keeps_runs_on(
    provider: LocalProvider, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = made(provider, replica())
    before = pid(home, instance)
    supervisor = Supervisor.find(home / "stacks" / stack / "supervisor")
    assert supervisor is not None
    old, call = supervisor.pid(), client.call

    def earlier(folder: Path, request: dict[str, Any], **options: float) -> Any:
        answer = call(folder, request, **options)
        return {"pid": old, "ending": False} if request["verb"] == "ping" and answer["pid"] == old else answer

    monkeypatch.setattr(client, "call", earlier)
    made(provider, replica(1))
    assert pid(home, instance) == before
    assert supervisor.pid() != old
    assert json.dumps([status.process.name for status in supervisor.list()]) == '["replica/web-0#1", "replica/web-1#1"]'
