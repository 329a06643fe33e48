"""What a process that runs as another account can reach, and what power it has."""

import os
import pwd
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.supervisor import syscalls
from tasks.supervisor.client import Supervisor
from tasks.supervisor.confine import become, trace
from tasks.supervisor.process import Process
from tests.support.stack_accounts import open_folder
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import identity, lines, shell, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another account")


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder for root alone, with a source folder and a secret in it."""
    with open_folder() as folder:
        closed = folder / "closed"
        (closed / "app" / "inner").mkdir(parents=True)
        (closed / "app" / "page").write_text("page")
        (closed / "app").chmod(0o777)
        (closed / "secret").write_text("secret")
        (closed / "other").mkdir()
        (closed / "other" / "secret").write_text("secret")
        closed.chmod(0o700)
        yield closed


def said(process: Process) -> str:
    """What a command says that is run as the account of the process."""
    account = pwd.getpwnam(process.user or "")
    run = subprocess.run(
        process.argv, env=dict(process.env), cwd="/", capture_output=True, text=True, check=False,
        preexec_fn=lambda: become(process, account),
    )  # fmt: skip
    return run.stdout + run.stderr


def nobody(code: str, *arguments: str) -> Process:
    return shell("a", code, *arguments, user="nobody")


@needs_root
def test_a_closed_folder_is_passed_to_what_is_needed_and_to_nothing_else(closed: Path) -> None:
    look = nobody("cat $1/app/page; ls $1; cat $1/secret $1/other/secret; touch $1/app/new $1/new", str(closed))
    assert said(look).count("Permission denied") == 6
    seen = said(replace(look, reads=(f"{closed}/app",)))
    assert seen.startswith("page")
    assert "cannot open directory" in seen, "what else lies there has no name either"
    assert seen.count("No such file or directory") == 2
    assert seen.count("Read-only file system") == 2, "though its mode lets everybody write"
    assert not (closed / "app" / "new").exists()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert (closed / "secret").read_text() == "secret", "nobody else sees what is covered"


@needs_root
def test_what_is_its_own_it_writes(closed: Path) -> None:
    assert said(replace(nobody("echo new > $1/app/new", str(closed)), writes=(f"{closed}/app",))) == ""
    assert (closed / "app" / "new").read_text() == "new\n"
    assert (closed / "app" / "new").stat().st_mode & 0o777 == 0o600


@needs_root
def test_what_its_owner_alone_can_read_is_shown_and_not_given(closed: Path) -> None:
    home = closed / "app" / "home"
    (home / "own").mkdir(parents=True)
    (home / "own").chmod(0o777)
    (home / "key").write_text("secret")
    for path, mode in ((closed / "app" / "page", 0o600), (closed / "app", 0o700), (closed / "app" / "inner", 0o700)):
        path.chmod(mode)
    look = nobody("cat $1/page; ls $1/inner; ls $1/home; touch $1/new; echo own > $1/home/own/new", f"{closed}/app")
    look = replace(look, writes=(f"{closed}/app", f"{home}/own"), hides=(str(home),))
    seen = said(look)
    assert seen.startswith("page")
    assert seen.count("Permission denied") == 1, "only what is hidden"
    assert seen.count("Read-only file system") == 1
    assert (home / "own" / "new").read_text() == "own\n"
    assert (home / "own" / "new").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert {path.stat().st_uid for path in closed.rglob("*") if path.name != "new"} == {0}


@needs_root
def test_links_lead_where_they_did(closed: Path) -> None:
    (closed / "current").symlink_to("app")
    (closed.parent / "outer").symlink_to(closed / "current" / "inner" / "..")
    look = nobody("cat $1/page $2/page", str(closed.parent / "outer"), str(closed / "current"))
    assert said(replace(look, reads=(f"{closed.parent}/outer",))) == "pagepage"


@needs_root
def test_what_its_owner_alone_can_read_is_not_shown_for_being_read(closed: Path) -> None:
    (closed / "other").chmod(0o700)
    seen = said(replace(nobody("cat $1/other/secret", str(closed)), reads=(f"{closed}/other",)))
    assert "Permission denied" in seen


@needs_root
def test_a_link_of_another_account_opens_no_way(closed: Path) -> None:
    """Whoever owns it may turn it after it was looked at."""
    link = closed.parent / "turned"
    link.symlink_to(closed / "other")
    look = nobody("cat $1/secret", str(link))
    ways = (replace(look, reads=(str(link),)), replace(look, writes=(str(link),)))
    assert [said(way) for way in ways] == ["secret"] * 2
    os.chown(link, pwd.getpwnam("nobody").pw_uid, -1, follow_symlinks=False)
    for way in ways:
        assert "Permission denied" in said(way)


@needs_root
def test_two_threads_that_map_at_once_do_not_wait_for_each_other(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another thread forks between the pipes and the end: its child holds our ends of them for long."""
    ours, read, others = os.getpid(), os.read, list[int]()

    def fork_then_read(end: int, size: int) -> bytes:
        if os.getpid() == ours and not others:
            others.append(os.fork())
            if others == [0]:
                time.sleep(1000)
                os._exit(0)
        return read(end, size)

    handle = os.open(closed, os.O_PATH)
    monkeypatch.setattr(os, "read", fork_then_read)
    mapped: list[int] = []
    mapping = threading.Thread(target=lambda: mapped.append(syscalls.map_owner(handle, (65534, 65534))), daemon=True)
    mapping.start()
    try:
        mapping.join(20.0)
        assert mapped, "it waits for what another thread has forked"
    finally:
        os.kill(others[0], signal.SIGKILL)
        os.waitpid(others[0], 0)
        mapping.join(20.0)
        for end in (handle, *mapped):
            os.close(end)


def test_every_link_on_the_way_is_known(tmp_path: Path) -> None:
    (tmp_path / "3.11.7" / "bin").mkdir(parents=True)
    (tmp_path / "3.11.7" / "bin" / "python").touch()
    (tmp_path / "3.11").symlink_to("3.11.7")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / "python").symlink_to(tmp_path / "3.11" / "bin" / "python")
    (tmp_path / "ring").symlink_to("ring")
    paths, links = trace([f"{tmp_path}/venv/python", f"{tmp_path}/none", f"{tmp_path}/ring"])
    assert paths == [f"{tmp_path}/3.11.7/bin/python"]
    assert links == {
        f"{tmp_path}/venv/python": f"{tmp_path}/3.11/bin/python",
        f"{tmp_path}/3.11": "3.11.7",
        f"{tmp_path}/ring": "ring",
    }


@needs_root
def test_it_has_no_power_and_gains_none() -> None:
    status = dict(line.split(":\t") for line in said(nobody("cat /proc/self/status")).splitlines() if ":\t" in line)
    assert {int(status[name], 16) for name in ("CapPrm", "CapEff", "CapInh", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Groups"].split() == []
    assert set(status["Uid"].split()) == {str(pwd.getpwnam("nobody").pw_uid)}


@needs_root
def test_a_low_port_only_for_who_asks_for_it() -> None:
    port = free_low_port()
    listen = (sys.executable, "-I", "-S", "-c", f"import socket; socket.create_server(('127.0.0.1', {port}))")
    asks = replace(nobody(""), argv=listen, reads=(sys.prefix, sys.base_prefix), low_ports=True)
    assert said(asks) == ""
    lifted = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text().strip()
    if int(lifted) > port:
        assert "Permission denied" in said(replace(asks, low_ports=False))
    capabilities = replace(nobody("grep Cap /proc/self/status"), low_ports=True)
    powers = {line.split()[0]: int(line.split()[1], 16) for line in said(capabilities).splitlines()}
    assert {powers[name] for name in ("CapPrm:", "CapEff:", "CapAmb:")} == {1 << syscalls.CAP_NET_BIND_SERVICE}


@needs_root
def test_the_supervisor_lets_processes_probes_and_preparations_in(
    supervisor: Supervisor, folder: Path, closed: Path
) -> None:
    (closed / "app" / "program").write_text("#!/bin/sh\necho $1; id -un\n[ $1 != run ] || exec sleep 1000\n")
    (closed / "app" / "program").chmod(0o755)
    program = f"{closed}/app/program"
    process = shell("a", "", user="nobody", cwd=f"{closed}/app", reads=(f"{closed}/app",))
    supervisor.put(replace(process, argv=(program, "run"), prepare=((program, "prepare"),)))
    wait_until(lambda: len(lines(folder / "a.log")) == 4, "both wrote")
    assert lines(folder / "a.log") == ["prepare", "nobody", "run", "nobody"]
    status = until_state(supervisor, "a", "healthy")
    assert Path(f"/proc/{identity(status).pid}/cwd").readlink() == closed / "app"
    supervisor.stop("a")


def free_low_port() -> int:
    for port in range(1023, 600, -1):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    pytest.skip("every port below 1024 is taken")
