"""What the supervisor's tests share."""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import Identity, identify
from tasks.supervisor.process import Process, State, Status

PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def python(name: str, code: str, *arguments: str, **fields: Any) -> Process:
    """A process that runs a few lines of Python."""
    return replace(Process(name, (sys.executable, "-I", "-S", "-u", "-c", code, *arguments), env=PATH), **fields)


def shell(name: str, code: str, *arguments: str, **fields: Any) -> Process:
    return replace(Process(name, ("/bin/sh", "-c", code, "sh", *arguments), env=PATH), **fields)


def sleeper(name: str, **fields: Any) -> Process:
    return replace(Process(name, ("sleep", "1000"), env=PATH), **fields)


def until(condition: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"still not true: {what}"
        time.sleep(0.02)


def until_state(supervisor: Supervisor, name: str, state: State, *, restarts: int = 0) -> Status:
    """Wait until it is in that state after at least so many restarts."""
    until(
        lambda: (s := supervisor.get(name)) and s.state == state and s.restarts >= restarts,
        f"{name} is {state}",
    )
    status = supervisor.get(name)
    assert status
    return status


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
