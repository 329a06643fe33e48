"""Where root started them, a stack's programs run as an account of their own: whose, and what it reaches."""

import os
import pwd
import sys
from pathlib import Path

import pytest

from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import reach, stack_accounts
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_until
from tests.tasks.providers.local.accounts.looks import WITH_ACCOUNTS, owners, readable, whole
from tests.tasks.providers.local.world import (
    get,
    made,
    pid,
    proxy,
    replica,
    route,
    stack,
)
from tests.tasks.supervisor.test_confine import free_low_port

pytestmark = [pytest.mark.proof, pytest.mark.local, WITH_ACCOUNTS]
KINDS = ("database/main", "cache/main", "proxy/main", "replica/web-0", "job/task")


def test_every_program_of_a_stack_has_the_stacks_own_account(provider: LocalProvider, home: Path) -> None:
    numbers = {}
    for name in ("one", "two"):
        found = whole(provider, name)
        used = set.union(*(owners(home, found[address]) for address in KINDS))
        assert len(used) == 1, used
        numbers[name] = used.pop()
    assert len({0, os.geteuid(), *numbers.values()}) == 3
    entry = pwd.getpwuid(numbers["one"])
    assert entry.pw_name.startswith("tf-one-")
    assert entry.pw_gecos == f"Tenfold stack one of {home.resolve()}"
    assert (entry.pw_dir, Path(entry.pw_shell).name) in {("/nonexistent", "nologin"), ("/nonexistent", "false")}
    assert os.getgrouplist(entry.pw_name, entry.pw_gid) == [entry.pw_gid]


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
        name: {Path(f"/proc/{pid(home, found[address])}/environ") for address in KINDS}
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
    instance = made(provider, replica())
    needed = [Path(folder).resolve() for folder in (*reach.interpreter(), sys.base_prefix)]
    paths = {Path("/root"), *Path("/root").iterdir(), *Path("/root").glob("*/*")}
    for path in readable(provider, instance, capfd, open_folder, paths):
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
    output = capfd.readouterr()
    assert output.out.split() == [*[account.name] * 3, "0077"]
    assert "Permission denied" in output.err
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
