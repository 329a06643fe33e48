"""What lies below a closed folder: what a stack's account is let in to, and what is refused with its cure."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local import LocalProvider
from tasks.providers.local.accounts import reach, stack_accounts
from tasks.supervisor import syscalls
from tests.support.waiting import wait_until
from tests.tasks.providers.local.accounts.looks import WITH_ACCOUNTS, readable
from tests.tasks.providers.local.world import (
    cache,
    database,
    dsn,
    get,
    made,
    opened,
    proxy,
    replica,
    stack,
    volume,
)
from tests.tasks.providers.looks import health_of

pytestmark = [pytest.mark.proof, pytest.mark.local, WITH_ACCOUNTS]


def test_a_source_below_a_closed_folder_runs(provider: LocalProvider, open_folder: Path) -> None:
    app = open_folder / "closed" / "deep" / "app"
    app.mkdir(parents=True)
    shutil.copy(Path(__file__).parents[4] / "support" / "app.py", app / "app.py")
    (open_folder / "closed").chmod(0o700)
    instance = made(provider, replica(command=["python", "-S", "app.py"], folder=str(app)))
    assert get(instance.outputs["endpoint"].rpartition(":")[2])[0] == 200
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
        instance = made(provider, replica(command=["python", "-S", "app.py"], folder=str(app)))
        assert get(instance.outputs["endpoint"].rpartition(":")[2])[0] == 200
        paths = {app / ".env", app / "app.py", home / "key", home / "stacks" / stack / "supervisor" / "state.json"}
        assert readable(provider, instance, capfd, open_folder, paths) == {app / ".env", app / "app.py"}
        assert provider.shell.execute(instance, ["touch", str(app / "made")], terminal=False) == 1
        assert provider.shell.execute(instance, ["sh", "-c", "touch $HOME/made"], terminal=False) == 0
    assert (app.stat().st_mode & 0o777, app.stat().st_uid) == (0o700, 0), "no folder of the user's was opened"


@pytest.mark.skipif(bool(Path("/root").stat().st_mode & 0o001), reason="/root is open on this machine")
def test_the_home_of_an_account_is_refused_by_name(provider: LocalProvider, home: Path) -> None:
    name = stack_accounts.name_of(home, stack)
    said = provider.fault(replica(command=["sleep", "1"], folder="/root"))
    assert said == (
        f"it runs as the account {name}, which cannot read /root because /root is closed to other accounts: "
        "run `chmod o+rx /root`, or move /root to a folder that every account may enter, such as /srv"
    )
    instance = provider.create(replica(command=["sh", "-c", "touch $HOME/ran; exit 1"], folder="/root"))
    wait_until(lambda: health_of(provider, instance).state == "failed", "it failed")
    assert not (home / "stacks" / stack / "home" / "ran").exists()
    assert health_of(provider, instance).reason == said
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
    instance = provider.create(start)
    assert provider.shell.execute(instance, ["/bin/cat", str(vault / "secret")], terminal=False) == 1


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
