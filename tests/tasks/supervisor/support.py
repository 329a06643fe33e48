"""What the supervisor's tests share."""

import shutil
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import Identity, identify
from tasks.supervisor.process import Process, State, Status
from tests.support.waiting import wait_until

PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}
ROOT = Path(__file__).parents[3]
EARLIER = "a2deeb0"
"""A commit whose supervisor knows neither `listen` nor accounts, and says no version."""


def python(name: str, code: str, *arguments: str, **fields: Any) -> Process:
    """A process that runs a few lines of Python."""
    return replace(Process(name, (sys.executable, "-I", "-S", "-u", "-c", code, *arguments), env=PATH), **fields)


def shell(name: str, code: str, *arguments: str, **fields: Any) -> Process:
    return replace(Process(name, ("/bin/sh", "-c", code, "sh", *arguments), env=PATH), **fields)


def sleeper(name: str, **fields: Any) -> Process:
    return replace(Process(name, ("sleep", "1000"), env=PATH), **fields)


def until_state(supervisor: Supervisor, name: str, state: State, *, restarts: int = 0) -> Status:
    """Wait until it is in that state after at least so many restarts."""

    def reached() -> Status | None:
        status = supervisor.get(name)
        return status if status and status.state == state and status.restarts >= restarts else None

    return wait_until(reached, f"{name} is {state}")


def identity(status: Status) -> Identity:
    assert status.pid
    found = identify(status.pid)
    assert found
    return found


def identities(supervisor: Supervisor) -> list[Identity]:
    pids = [status.pid for status in supervisor.list() if status.pid]
    return [found for pid in pids if (found := identify(pid))]


def gone(one: Identity) -> bool:
    return identify(one.pid) != one


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def unpack_earlier(target: Path) -> Path:
    """The installation of an earlier version, below that folder. Skips where its commit cannot be had."""
    target.mkdir()
    packed = target / "packed.tar"
    try:
        command = ["git", "-C", str(ROOT), "archive", "-o", str(packed), EARLIER, "tasks", "infra_specs"]
        made = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("the supervisor of an earlier version is taken from git, which is not installed")
    if made.returncode:
        pytest.skip(f"the supervisor of an earlier version cannot be taken from git: {made.stderr.strip()}")
    shutil.unpack_archive(packed, target, filter="data")
    return target


def start_of(installation: Path, folder: Path) -> Supervisor:
    """A supervisor of another installation, as its own client would start it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    script = installation / "tasks" / "supervisor" / "__main__.py"
    subprocess.run([sys.executable, "-I", "-S", str(script), str(folder)], cwd=folder, check=True)
    supervisor = Supervisor(folder)
    supervisor.pid()
    return supervisor


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of loopback."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with suppress(OSError):
            probe.bind(("127.0.0.1", port))
            probe.listen()
            return True
    return False
