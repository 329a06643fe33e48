"""A command beside a replica's program, on the local target."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.local import LocalProvider
from tests.support.waiting import wait_until
from tests.tasks.providers.contract.shell import ExecuteContract, script
from tests.tasks.providers.local.world import database, made, patience, replica, volume
from tests.tasks.providers.routes import stack

pytestmark = [pytest.mark.local, pytest.mark.proof]


class TestLocal(ExecuteContract):
    @pytest.fixture
    def one(self, provider: LocalProvider) -> Instance:
        return made(provider, replica(env={"MODE": "fast"}))

    @pytest.fixture
    def opens(self, home: Path) -> str:
        return _opens(home)

    @pytest.fixture
    def sizes(self) -> Sequence[str]:
        return ["stty", "size"]


def _opens(home: Path) -> str:
    """The lines that open the same provider in another process."""
    return (
        "from pathlib import Path\nfrom tasks.providers.local import LocalProvider\n"
        f"provider = LocalProvider(Path({str(home)!r}))"
    )


def test_nothing_runs_in_a_volume(provider: LocalProvider) -> None:
    with pytest.raises(ProviderError, match="volume/database of stack shop is no process that runs"):
        provider.shell.execute(made(provider, volume()), ["date"], terminal=False)


def test_the_databases_own_programs_find_it_and_are_let_in(
    provider: LocalProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    server = made(provider, database(made(provider, volume()).outputs["path"]))
    assert provider.shell.execute(server, ["psql", "-tAc", "SELECT current_database()"], terminal=False) == 0
    assert provider.shell.execute(server, ["pg_dump", "--schema-only"], terminal=False) == 0
    said = capfd.readouterr().out
    assert said.startswith("app\n")
    assert "PostgreSQL database dump complete" in said


_TYPE_OUTSIDE = """
import fcntl, json, os, termios
seen = {"session": os.getsid(0) == os.getpid(), "terminals": []}
for end in range(64):
    try:
        seen["terminals"].append(os.ttyname(end))
    except OSError:
        pass
    for request in (termios.TIOCSCTTY, termios.TIOCSTI):
        try:
            fcntl.ioctl(end, request, b"x" if request == termios.TIOCSTI else 0)
        except OSError:
            pass
print("seen", json.dumps(seen), flush=True)
"""
_ASK = """
import fcntl, json, os, select, struct, sys, termios, tty
{opens}
one = next(each for each in provider.observe({stack!r}) if each.kind == "replica")
mine, before = os.ttyname(0), termios.tcgetattr(0)
if not {terminal}:
    os.dup2(os.open({file!r}, os.O_RDWR | os.O_CREAT), 1)
code = provider.shell.execute(one, [sys.executable, "-I", "-S", "-c", {script!r}], terminal={terminal})
restored = termios.tcgetattr(0) == before
tty.setcbreak(0, termios.TCSANOW)
typed = bool(select.select([0], [], [], 0.5)[0])
result = {{"code": code, "mine": mine, "typed": typed, "restored": restored}}
print("result", json.dumps(result), file=sys.stderr, flush=True)
"""


@pytest.mark.parametrize("terminal", [True, False])
def test_the_account_cannot_type_at_the_terminal_of_who_asks(
    provider: LocalProvider, home: Path, open_folder: Path, terminal: bool
) -> None:
    """At a terminal, and with its output in a file: whichever stream of its own it takes."""
    made(provider, replica())
    file = open_folder / "output"
    program = _ASK.format(opens=_opens(home), stack=stack, terminal=terminal, file=str(file), script=_TYPE_OUTSIDE)
    pid, outer = pty.fork()
    if pid == 0:
        os.chdir(Path(__file__).parents[5])
        os.execv(sys.executable, [sys.executable, "-c", program])
    try:
        shown = _read_all(outer)
    finally:
        os.close(outer)
        os.waitpid(pid, 0)
    lines = [*shown.splitlines(), *(file.read_text().splitlines() if file.exists() else [])]
    result = _told(lines, "result")
    seen = _told(lines, "seen")
    assert result["code"] == 0
    assert not result["typed"], "a key that it typed arrived outside"
    assert result["restored"]
    assert seen["session"], "it is in a session of its own"
    assert len(seen["terminals"]) == (3 if terminal else 0)
    assert result["mine"] not in seen["terminals"]


def _told(lines: Sequence[str], name: str) -> dict[str, Any]:
    """What a line says after this name. What was typed may be echoed before it."""
    (found,) = [line.partition(f"{name} {{")[2] for line in lines if f"{name} {{" in line]
    told: dict[str, Any] = json.loads("{" + found)
    return told


def _read_all(outer: int) -> str:
    shown = b""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        if select.select([outer], [], [], 0.2)[0]:
            try:
                piece = os.read(outer, 65536)
            except OSError:  # all that ran there has ended
                break
            shown += piece
            if not piece:
                break
    return shown.decode(errors="replace")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_to_the_command(
    provider: LocalProvider, home: Path, number: signal.Signals, open_folder: Path
) -> None:
    made(provider, replica())
    ready = open_folder / "ready"
    trap = f"trap 'exit 9' {number.name[3:]}; echo > {ready}; sleep 1000 & wait"
    text = script.format(opens=_opens(home), stack=stack, command=json.dumps(["sh", "-c", trap]), terminal=False)
    asking = subprocess.Popen(
        [sys.executable, "-c", text], cwd=Path(__file__).parents[5], stdin=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509 - a suite in the background ignores it
    )  # fmt: skip
    try:
        wait_until(ready.exists, "it runs")
        asking.send_signal(number)
        assert asking.wait(patience) == 9
    finally:
        asking.kill()
        asking.wait()
