"""What a watcher says of a program that listens elsewhere, and how often it looks for that."""

import asyncio
import errno
import os
import shlex
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tasks.supervisor import probing, watching
from tasks.supervisor.probing import ProbeFailed
from tasks.supervisor.process import Probe, Process
from tasks.supervisor.state_changes import StateChanges
from tasks.supervisor.store import ProcessRecord
from tasks.supervisor.watching import Watcher

pytestmark = pytest.mark.pure


class Elsewhere:
    """A port's owner that listens on another port, and counts who asks."""

    looks = 0

    def __init__(self, *_: object) -> None:
        pass

    def elsewhere(self) -> tuple[int, ...]:
        Elsewhere.looks += 1
        return (9000,)


class Enough(Exception):
    """It was asked often enough."""


def reason_of(monkeypatch: pytest.MonkeyPatch, *argv: str) -> str:
    """Why this program is said to have failed, after ten probes that nobody answered."""
    asked = 0

    async def refused(*_: object) -> None:
        nonlocal asked
        asked += 1
        if asked > 10:
            raise Enough
        raise ProbeFailed("port 8000: Connection refused")

    Elsewhere.looks = 0
    monkeypatch.setattr(watching, "PortOwner", Elsewhere)
    monkeypatch.setattr(watching, "ask", refused)
    monkeypatch.setattr(watching, "_pause", lambda *_: 0.0)
    process = Process("a", argv, env={"PORT": "8000"}, probe=Probe("tcp", port=8000, start_seconds=-1))
    record = ProcessRecord(process)
    state = StateChanges(record, lambda: None, lambda _: None)
    watcher = Watcher(record, state, cast("Any", SimpleNamespace(kept=lambda *_: None)))
    running = cast("Any", SimpleNamespace(identity=SimpleNamespace(pid=os.getpid())))
    with pytest.raises(Enough):
        asyncio.run(watcher.watch(running))
    return str(record.reason)


@pytest.mark.parametrize(
    ("interval", "misses", "starting", "well", "seconds"),
    [
        (1.0, 0, 0.0, 0.0, 0.05), (1.0, 0, 10.0, 0.0, 0.2), (1.0, 0, 600.0, 0.0, 0.5), (1.0, 3, 10.0, 90.0, 0.2),
        (1.0, 0, None, 59.0, 1.0), (1.0, 0, None, 60.0, 2.0), (1.0, 1, None, 90.0, 0.5),
        (5.0, 0, None, 90.0, 5.0), (0.1, 1, None, 90.0, 0.1), (0.1, 0, None, 90.0, 2.0),
    ],
)  # fmt: skip
def test_one_that_is_steady_is_asked_seldomer(
    interval: float, misses: int, starting: float | None, well: float, seconds: float
) -> None:
    probe = Probe("tcp", port=8000, interval=interval)
    assert watching._pause(probe, misses, starting, well) == pytest.approx(seconds)


async def test_who_cannot_be_asked_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The supervisor has no port left for a connection: that says nothing of a cache, which is not replaced for it."""
    lacks = [OSError(errno.EADDRNOTAVAIL, "no port"), OSError(errno.EMFILE, "no descriptor")] * 5

    async def asked(*_: object) -> None:
        if not lacks:
            raise Enough
        raise lacks.pop()

    monkeypatch.setitem(probing._ASK, "tcp", asked)
    monkeypatch.setattr(watching, "_pause", lambda *_: 0.0)
    process = Process("a", ("run",), probe=Probe("tcp", port=8000, start_seconds=60, threshold=1))
    record = ProcessRecord(process, state="healthy")
    state = StateChanges(record, lambda: None, lambda _: None)
    state.has_answered = True
    listeners = SimpleNamespace(held=lambda _: None)
    watcher = Watcher(record, state, cast("Any", SimpleNamespace(kept=lambda *_: None, listeners=listeners)))
    with pytest.raises(Enough):
        await watcher.watch(cast("Any", SimpleNamespace(identity=SimpleNamespace(pid=os.getpid()))))
    assert record.state == "healthy"


def test_it_looks_for_other_ports_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "it listens on port 9000 and not on 8000" in reason_of(monkeypatch, "app")
    assert Elsewhere.looks == 1


@pytest.mark.parametrize("argv", [("app",), ("app", "--name", "a b"), ("app", "it's")])
def test_the_advice_is_a_command_that_a_shell_reads(monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]) -> None:
    advice = reason_of(monkeypatch, *argv).partition(" as in: ")[2]
    shell, option, script = shlex.split(advice)
    assert (shell, option) == ("sh", "-c")
    assert shlex.split(script) == ["exec", *argv, "--port", "$PORT"]


@pytest.mark.parametrize("argv", [("sh", "-c", "exec app"), ("/bin/bash", "start.sh")])
def test_of_a_shell_the_port_alone_is_named(monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...]) -> None:
    assert reason_of(monkeypatch, *argv).endswith("which the variable PORT gives it. Let it read that")
