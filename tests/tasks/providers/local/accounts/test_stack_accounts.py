"""Where root started them, a stack's programs run as an account of their own: whose, what it reaches, when it goes."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.local import LocalProvider, binaries
from tasks.providers.local.accounts import identity, reach, stack_accounts
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor import client, syscalls
from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.world import (
    cache,
    database,
    dsn,
    get,
    made,
    opened,
    pid,
    processes_naming,
    proxy,
    replica,
    route,
    stack,
    volume,
)
from tests.tasks.providers.looks import health_of
from tests.tasks.supervisor.test_confine import free_low_port

pytestmark = [
    pytest.mark.proof,
    pytest.mark.local,
    pytest.mark.skipif(
        not stack_accounts.are_possible(), reason="stacks have accounts only for root, and with useradd"
    ),
]
kinds = ("database/main", "cache/main", "proxy/main", "replica/web-0", "job/task")


def whole(provider: LocalProvider, name: str) -> dict[str, Instance]:
    store = made(provider, volume(name))
    data = made(provider, replace(volume(name), address="volume/web.data"))
    web = replica(stack=name, env={"NAME": "web", "WEB_DATA_DIRECTORY": data.outputs["path"]})
    wanted = [database(store.outputs["path"], stack=name), cache(stack=name), proxy(stack=name), web, job(name)]
    found = {resource.address: provider.create(resource) for resource in wanted}
    for address, instance in found.items():
        if address != "job/task":
            wait_healthy(provider, instance)
    made(provider, route(found["replica/web-0"], stack=name))
    return found | {"volume/database": store, "volume/web.data": data}


def job(name: str, *command: str) -> Resource:
    settings = {**replica(stack=name).settings, "command": list(command) or ["sleep", "1000"], "port": None}
    return Resource(name, "job/task", "job", settings)


def owners(home: Path, instance: Instance) -> set[int]:
    """The accounts of its process and of every child of that."""
    try:
        status = Path(f"/proc/{pid(home, instance)}/status").read_text()
    except FileNotFoundError:  # it ended this moment
        return set()
    line = next(line for line in status.splitlines() if line.startswith("Uid:"))
    return {int(number) for number in line.split()[1:]}


def test_every_program_of_a_stack_has_the_stacks_own_account(provider: LocalProvider, home: Path) -> None:
    numbers = {}
    for name in ("one", "two"):
        found = whole(provider, name)
        used = set.union(*(owners(home, found[address]) for address in kinds))
        assert len(used) == 1, used
        numbers[name] = used.pop()
    assert len({0, os.geteuid(), *numbers.values()}) == 3
    entry = pwd.getpwuid(numbers["one"])
    assert entry.pw_name.startswith("tf-one-")
    assert entry.pw_gecos == f"Tenfold stack one of {home.resolve()}"
    assert (entry.pw_dir, Path(entry.pw_shell).name) in {("/nonexistent", "nologin"), ("/nonexistent", "false")}
    assert os.getgrouplist(entry.pw_name, entry.pw_gid) == [entry.pw_gid]


_look = """
import os, sys
from tests.tasks.providers.looks import health_of
for path in open(sys.argv[1]).read().splitlines():
    try:
        os.listdir(path) if os.path.isdir(path) else open(path, "rb").close()
        print(path)
    except OSError:
        pass
"""


def readable(
    provider: LocalProvider, one: Instance, capfd: pytest.CaptureFixture[str], open_folder: Path, paths: set[Path]
) -> set[Path]:
    """Which of these files and folders a program of this instance can read."""
    (open_folder / "paths").write_text("\n".join(map(str, paths)))
    capfd.readouterr()
    command = [sys.executable, "-I", "-S", "-c", _look, str(open_folder / "paths")]
    assert provider.shell.execute(one, command, terminal=False) == 0
    return set(map(Path, capfd.readouterr().out.splitlines()))


def test_it_reads_what_is_its_own_and_nothing_of_the_owner_or_of_others(
    provider: LocalProvider, home: Path, capfd: pytest.CaptureFixture[str], open_folder: Path
) -> None:
    one, two = whole(provider, "one"), whole(provider, "two")
    for name in ("key", "ledger.db"):
        (home / name).touch(0o600)
    (home / "control").mkdir(mode=0o700)
    (home / "control" / "server.log").touch()
    mine = home / "stacks" / "one"
    environments = {
        name: {Path(f"/proc/{pid(home, found[address])}/environ") for address in kinds}
        for name, found in (("one", one), ("two", two))
    }
    own = {Path(f"/proc/{os.getpid()}/environ"), Path(f"/proc/{Supervisor(mine / 'supervisor').pid()}/environ")}
    paths = {path for path in home.rglob("*") if "programs" not in path.parts} | set().union(*environments.values())
    assert len(paths) > 1000
    for address in ("replica/web-0", "database/main"):
        seen = readable(provider, one[address], capfd, open_folder, paths | own)
        assert {path for path in seen if not path.is_relative_to(mine)} <= environments["one"]
        assert Path(f"/proc/{pid(home, one['replica/web-0'])}/environ") in seen
        assert Path(one["volume/web.data"].outputs["path"]) in seen
        assert not {path.name for path in seen} & {"state.json", "supervisor.log", "lock", "supervisor", "routes"}


@pytest.mark.skipif(bool(Path("/root").stat().st_mode & 0o001), reason="/root is open on this machine")
def test_it_sees_nothing_of_roots_own_folder_but_what_it_needs(
    provider: LocalProvider, capfd: pytest.CaptureFixture[str], open_folder: Path
) -> None:
    one = made(provider, replica())
    needed = [Path(folder).resolve() for folder in (*reach.interpreter(), sys.base_prefix)]
    paths = {Path("/root"), *Path("/root").iterdir(), *Path("/root").glob("*/*")}
    for path in readable(provider, one, capfd, open_folder, paths):
        assert any(path.is_relative_to(folder) or folder.is_relative_to(path) for folder in needed), path


def test_it_writes_to_its_volume_and_its_home_alone(
    provider: LocalProvider, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = whole(provider, stack)
    web = found["replica/web-0"]
    script = 'touch "$WEB_DATA_DIRECTORY/a" "$HOME/b" && echo "$USER $LOGNAME $(id -un)"; umask; touch "$1"'
    command = ["sh", "-c", script, "sh"]
    assert provider.shell.execute(web, [*command, str(home / "stacks" / stack / "routes" / "x")], terminal=False) == 1
    account = stack_accounts.find(home, stack)
    assert account is not None
    said = capfd.readouterr()
    assert said.out.split() == [*[account.name] * 3, "0077"]
    assert "Permission denied" in said.err
    written = [Path(found["volume/web.data"].outputs["path"]) / "a", home / "stacks" / stack / "home" / "b"]
    assert {path.stat().st_uid for path in written} == {account.uid}
    for folder in {path.parent for path in written} | {Path(found["volume/database"].outputs["path"])}:
        assert (folder.stat().st_uid, folder.stat().st_mode & 0o777) == (account.uid, 0o700)


def test_files_with_secrets_are_the_accounts_alone(provider: LocalProvider, home: Path) -> None:
    whole(provider, stack)
    account = stack_accounts.find(home, stack)
    assert account is not None
    place = StackFolder(home, stack)
    for path in [*place.settings.iterdir(), *place.proxy.glob("*.json")]:
        if path.name != "outputs.json":
            assert (path.stat().st_uid, path.stat().st_mode & 0o777) == (account.uid, 0o600), path
    assert place.proxy.stat().st_mode & 0o777 == 0o750
    assert (place.proxy.stat().st_uid, place.proxy.stat().st_gid) == (0, account.gid)
    socket = place.proxy / "admin" / "admin.sock"
    assert (socket.stat().st_uid, socket.stat().st_mode & 0o777) == (account.uid, 0o600)
    assert socket.parent.stat().st_mode & 0o777 == 0o700


def test_a_port_below_1024_is_opened(provider: LocalProvider) -> None:
    port = free_low_port()
    door = made(provider, proxy(port=port))
    made(provider, route(made(provider, replica())))
    wait_until(lambda: get(str(port))[0] == 200, "it is served")
    assert door.outputs["port"] == str(port)


def test_a_source_below_a_closed_folder_runs(provider: LocalProvider, open_folder: Path) -> None:
    app = open_folder / "closed" / "deep" / "app"
    app.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[4] / "support" / "app.py", app / "app.py")
    (open_folder / "closed").chmod(0o700)
    one = made(provider, replica(command=["python", "-S", "app.py"], folder=str(app)))
    assert get(one.outputs["endpoint"].rpartition(":")[2])[0] == 200
    assert provider.fault(replica(command=["python", "app.py"], folder=str(app))) == ""
    assert (open_folder / "closed").stat().st_mode & 0o777 == 0o700, "no folder of the user's was opened"


def test_a_source_that_is_given_to_the_account_is_written_to(
    provider: LocalProvider, home: Path, open_folder: Path
) -> None:
    """What a `before` makes beside the source: the file's modes alone decide, below a closed folder too."""
    account = stack_accounts.ensure(home, stack)
    assert account is not None
    (open_folder / "closed").mkdir(mode=0o700)
    for mode, uid in ((0o755, 0), (0o700, account.uid)):
        app = open_folder / "closed" / f"app-{uid}"
        app.mkdir(mode=mode)
        os.chown(app, uid, -1)
        one = replica(
            0, f"web{uid}", command=["sh", "-c", "touch made; exec sleep 1000"], folder=str(app), serves=False
        )
        assert provider.fault(one) == ""
        made(provider, one)
        assert (app / "made").exists() == bool(uid)


def test_a_home_below_a_closed_folder_runs(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with opened(tmp_path) as provider:
        store = made(provider, volume())
        server = made(provider, database(store.outputs["path"]))
        psycopg.connect(dsn(server)).close()
        made(provider, proxy())
        made(provider, cache())
    assert tmp_path.stat().st_mode & 0o777 == 0o700, "no folder of the user's was opened"


def test_a_source_for_root_alone_is_read_and_not_written(open_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As `mktemp -d` makes them, and a umask of 077: here with our own home in it."""
    app = open_folder / "app"
    app.mkdir(mode=0o700)
    (app / ".env").write_text("TOKEN=1")
    (app / ".env").chmod(0o600)
    shutil.copy(Path(__file__).parents[4] / "support" / "app.py", app / "app.py")
    with opened(app) as provider:
        home = provider._home
        (home / "key").touch(0o600)
        assert provider.fault(replica(command=["python", "app.py"], folder=str(app))) == ""
        one = made(provider, replica(command=["python", "-S", "app.py"], folder=str(app)))
        assert get(one.outputs["endpoint"].rpartition(":")[2])[0] == 200
        paths = {app / ".env", app / "app.py", home / "key", home / "stacks" / stack / "supervisor" / "state.json"}
        assert readable(provider, one, capfd, open_folder, paths) == {app / ".env", app / "app.py"}
        assert provider.shell.execute(one, ["touch", str(app / "made")], terminal=False) == 1
        assert provider.shell.execute(one, ["sh", "-c", "touch $HOME/made"], terminal=False) == 0
    assert (app.stat().st_mode & 0o777, app.stat().st_uid) == (0o700, 0), "no folder of the user's was opened"


@pytest.mark.skipif(bool(Path("/root").stat().st_mode & 0o001), reason="/root is open on this machine")
def test_the_home_of_an_account_is_refused_by_name(provider: LocalProvider, home: Path) -> None:
    name = stack_accounts.name_of(home, stack)
    said = provider.fault(replica(command=["sleep", "1"], folder="/root"))
    assert said == (
        f"it runs as the account {name}, which cannot read /root because /root is closed to other accounts: "
        "run `chmod o+rx /root`, or move /root to a folder that every account may enter, such as /srv"
    )
    one = provider.create(replica(command=["sh", "-c", "touch $HOME/ran; exit 1"], folder="/root"))
    wait_until(lambda: health_of(provider, one).state == "failed", "it failed")
    assert not (home / "stacks" / stack / "home" / "ran").exists()
    assert health_of(provider, one).reason == said
    assert stack_accounts.find(home, stack) is not None
    assert provider.fault(replica(command=["sleep", "1"], folder="/")) == ""


def test_without_the_right_to_mount_a_closed_folder_is_refused_before_anything_starts(
    provider: LocalProvider, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = open_folder / "closed"
    (closed / "app").mkdir(parents=True)
    closed.chmod(0o700)
    script = (
        "import sys; from pathlib import Path; from tasks.providers.local import LocalProvider\n"
        "from tests.tasks.providers.local.world import replica\n"
        "provider = LocalProvider(Path(sys.argv[1]))\n"
        "print(provider.fault(replica(command=['/bin/sleep', '1'], folder=sys.argv[2])))"
    )
    run = subprocess.run(
        ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin", sys.executable, "-c", script,
         str(provider._home), str(closed / "app")],
        cwd=Path(__file__).parents[5], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert f"cannot read {closed}/app because {closed} is closed to other accounts" in run.stdout
    assert f"run `chmod o+x {closed}`, or move {closed}/app to a folder" in run.stdout
    able = syscalls.is_capable
    monkeypatch.setattr(syscalls, "is_capable", lambda number: number != syscalls.CAP_SYS_ADMIN and able(number))
    monkeypatch.setattr(reach, "interpreter", lambda: (str(closed / "app"),))
    store = made(provider, volume())
    with pytest.raises(ProviderError, match=r"database/main: it runs as the account tf-shop-.* is closed to other"):
        provider.create(database(store.outputs["path"]))


def named_by_pyvenv(app: Path, vault: Path) -> Path:
    (app / "venv" / "bin").mkdir(parents=True)
    (app / "venv" / "bin" / "start").write_text("#!/bin/sh\nexec sleep 1000\n")
    (app / "venv" / "pyvenv.cfg").write_text(f"home = {vault}/bin\n")
    return app / "venv" / "pyvenv.cfg"


def named_by_script(app: Path, vault: Path) -> Path:
    (app / "venv" / "bin").mkdir(parents=True)
    (app / "venv" / "bin" / "start").write_text(f"#!{vault}/bin/tool\n")
    return app / "venv" / "bin" / "start"


def named_by_link(app: Path, vault: Path) -> Path:
    (app / "venv" / "bin").mkdir(parents=True)
    (app / "venv" / "bin" / "start").symlink_to(vault / "bin" / "tool")
    return app / "venv" / "bin" / "start"


@pytest.mark.parametrize("name", [named_by_pyvenv, named_by_script, named_by_link])
def test_a_file_that_the_account_can_change_opens_no_closed_folder(
    provider: LocalProvider, home: Path, open_folder: Path, name: Callable[[Path, Path], Path]
) -> None:
    account = stack_accounts.ensure(home, stack)
    assert account is not None
    vault = open_folder / "closed" / "vault"
    (vault / "bin").mkdir(parents=True)
    (vault / "lib").mkdir()
    (vault / "secret").write_text("secret")
    (vault / "bin" / "tool").write_text("#!/bin/sh\nexec sleep 1000\n")
    source = name(open_folder / "app", vault)
    for path in (vault / "bin" / "tool", open_folder / "app" / "venv" / "bin" / "start"):
        path.chmod(0o755)
    (open_folder / "closed").chmod(0o700)
    start = replica(command=["venv/bin/start"], folder=str(open_folder / "app"), serves=False)
    assert provider.fault(start) == "", "root's own files may name it"
    os.chown(source, account.uid, account.gid, follow_symlinks=False)
    fault = provider.fault(start)
    assert f"cannot read {vault}" in fault
    assert f"{source}, which leads there, can be changed by another account than root" in fault
    cure = "chown -h root" if source.is_symlink() else "chown root"
    assert f"run `{cure} {source}" in fault
    one = provider.create(start)
    assert provider.shell.execute(one, ["/bin/cat", str(vault / "secret")], terminal=False) == 1


def test_what_its_owner_alone_can_read_is_shown_of_the_folder_alone(provider: LocalProvider, open_folder: Path) -> None:
    (open_folder / "vault" / "bin").mkdir(parents=True)
    tool = open_folder / "vault" / "bin" / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o700)
    assert f"cannot read {tool}" in provider.fault(replica(command=[str(tool)], folder=str(open_folder)))
    (open_folder / "vault").chmod(0o700)
    assert provider.fault(replica(command=["bin/tool"], folder=str(open_folder / "vault"))) == ""


@pytest.mark.parametrize("name", ["control", "stacks/other/volumes/data", "stacks/shop/supervisor", "link", "."])
def test_a_folder_of_ours_is_refused_whoever_may_read_it(
    provider: LocalProvider, home: Path, open_folder: Path, name: str
) -> None:
    if name == "link":
        (home / name).symlink_to(open_folder)
    (home / name).mkdir(parents=True, exist_ok=True)
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)
    for command in (["sleep", "1"], [str(home / name / "tool")]):
        (home / name / "tool").write_text("#!/bin/sh\n")
        (home / name / "tool").chmod(0o755)
        folder = str(home / name) if command[0] == "sleep" else "/"
        fault = provider.fault(replica(command=command, folder=folder))
        assert "is let in to nothing of Tenfold's own such as" in fault
        assert fault.endswith("name a folder outside of TENFOLD_HOME")


def test_a_volume_of_its_own_may_be_its_folder(provider: LocalProvider) -> None:
    data = made(provider, volume()).outputs["path"]
    assert provider.fault(replica(command=["sleep", "1"], folder=data)) == ""


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


class Killed(BaseException):
    """Nobody who catches errors catches this."""


def steps_of(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], int]:
    """Be killed before one step of all that makes or removes an account; how many were passed."""
    passed = 0

    def watched(call: Callable[..., object]) -> Callable[..., object]:
        def step(*args: object, **kwargs: object) -> object:
            nonlocal passed
            passed += 1
            if passed == at:
                raise Killed
            return call(*args, **kwargs)

        return step

    for owner, names in (
        (stack_accounts, ("_run", "_end_all", "_remove_litter")),
        (identity, ("give", "make_folder")),
        (StackFolder, ("remove",)),
        (os, ("chown",)),
    ):
        for name in names:
            monkeypatch.setattr(owner, name, watched(getattr(owner, name)))
    return lambda: passed


def test_killed_between_any_two_steps_ends_the_same(
    provider: LocalProvider, home: Path, record_property: Callable[[str, object], None]
) -> None:
    def make() -> Instance:
        return provider.create(volume())

    def end() -> None:
        for one in provider.observe(stack):
            provider.destroy(one)
        provider.sweep(stack)

    points = 0
    for go in (make, end):
        at = 0
        while True:
            at += 1
            if go is make:
                end()
            else:
                make()
            with pytest.MonkeyPatch.context() as monkeypatch:
                passed = steps_of(monkeypatch, at)
                with suppress(Killed):
                    go()
            if passed() < at:
                break
            points += 1
            go()
            account = stack_accounts.find(home, stack)
            if go is make:
                assert account is not None
                (folder,) = [one.outputs["path"] for one in provider.observe(stack)]
                assert Path(folder).stat().st_uid == account.uid
            else:
                assert account is None
                assert list((home / "stacks").iterdir()) == []
            assert len(list(stack_accounts.stacks_of(home))) == (go is make)
    assert points >= 6
    record_property("points", points)


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
    one = made(provider, replica())
    before = pid(home, one)
    supervisor = Supervisor.find(home / "stacks" / stack / "supervisor")
    assert supervisor is not None
    old, call = supervisor.pid(), client.call

    def earlier(folder: Path, request: dict[str, Any], **options: float) -> Any:
        answer = call(folder, request, **options)
        return {"pid": old, "ending": False} if request["verb"] == "ping" and answer["pid"] == old else answer

    monkeypatch.setattr(client, "call", earlier)
    made(provider, replica(1))
    assert pid(home, one) == before
    assert supervisor.pid() != old
    assert json.dumps([status.process.name for status in supervisor.list()]) == '["replica/web-0#1", "replica/web-1#1"]'
