"""A process makes way for another of its name, and its port is never free meanwhile."""

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from infra_specs.errors import PortTaken, ProviderError, TransientError
from tasks.supervisor.client import Supervisor
from tasks.supervisor.folder import STATE
from tasks.supervisor.process import Process
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identity, is_free, lines, python, shell, sleeper, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]

SERVE = """
import os, signal, socket, sys, time
if sys.argv[2:]:
    signal.signal(signal.SIGTERM, lambda *_: print("asked", flush=True))
listener = socket.socket(fileno=3)
while True:
    connection, _ = listener.accept()
    connection.sendall(sys.argv[1].encode())
    connection.close()
"""


def server(version: str, port: int, *arguments: str, **fields: Any) -> Process:
    return python("server", SERVE, version, *arguments, listen=port, **fields)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answer(port: int) -> str:
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        return connection.recv(100).decode()


@contextmanager
def guarded(port: int) -> Iterator[None]:
    """A thief tries to bind the port all the while, and must never succeed."""
    over, tries, stolen = threading.Event(), [0], [False]

    def steal() -> None:
        while not (over.is_set() or stolen[0]):
            stolen[0] = is_free(port)
            tries[0] += 1

    with ThreadPoolExecutor(1) as pool:
        thief = pool.submit(steal)
        wait_until(lambda: tries[0] > 10, "the thief tries")
        try:
            yield
        finally:
            over.set()
        thief.result()
    assert not stolen[0], "the port was free for a stranger"


@pytest.fixture
def port() -> int:
    return free_port()


def test_nobody_gets_the_port_and_clients_wait(supervisor: Supervisor, port: int) -> None:
    supervisor.replace(server("0", port))
    assert answer(port) == "0"
    with guarded(port), ThreadPoolExecutor(1) as pool:
        for version in "12345":
            before = identity(until_state(supervisor, "server", "healthy"))
            asked = pool.submit(lambda: [answer(port) for _ in range(20)])
            status = supervisor.replace(server(version, port))
            assert status.process.argv[-1] == version
            assert gone(before)
            assert answer(port) == version
            # Nobody is refused. Whom the old server had accepted when it was killed reads nothing.
            assert set(asked.result(timeout=60)) <= {"", str(int(version) - 1), version}
    assert [status.process.name for status in supervisor.list()] == ["server"]
    supervisor.remove("server")
    assert is_free(port)


def test_an_equal_one_that_is_well_runs_on(supervisor: Supervisor, port: int) -> None:
    supervisor.replace(server("1", port))
    before = until_state(supervisor, "server", "healthy")
    assert supervisor.replace(server("1", port, labels={"later": 1})) == before


def test_an_equal_one_that_failed_is_started_anew(supervisor: Supervisor, folder: Path, port: int) -> None:
    process = shell("server", "[ -e go ] && exec sleep 1000", cwd=str(folder), restarts=1, listen=port)
    supervisor.put(process)
    until_state(supervisor, "server", "failed")
    (folder / "go").touch()
    with guarded(port):
        supervisor.replace(process)
        until_state(supervisor, "server", "healthy")


def test_one_that_was_stopped_is_bound_again(supervisor: Supervisor, port: int) -> None:
    supervisor.put(server("1", port))
    supervisor.stop("server")
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTaken):
        supervisor.replace(server("1", port))
    assert until_state(supervisor, "server", "stopped").pid is None
    supervisor.replace(server("1", port))
    assert answer(port) == "1"


def test_another_port_is_bound_first_and_the_old_one_closed(supervisor: Supervisor, port: int) -> None:
    supervisor.put(server("1", port))
    before = until_state(supervisor, "server", "healthy")
    other = free_port()
    with socket.create_server(("127.0.0.1", other)), pytest.raises(PortTaken):
        supervisor.replace(server("2", other))
    assert supervisor.get("server") == before
    assert not is_free(port)
    supervisor.replace(server("2", other))
    assert answer(other) == "2"
    assert is_free(port)


def test_one_that_can_never_run_is_refused_and_what_is_kept_stays(supervisor: Supervisor, port: int) -> None:
    supervisor.put(server("1", port))
    other = supervisor.put(sleeper("other"))
    before = until_state(supervisor, "server", "healthy")
    with pytest.raises(ProviderError, match="server: a command is empty"):
        supervisor.replace(server("2", port, argv=()))
    with pytest.raises(ProviderError, match="another process already writes to"):
        supervisor.replace(server("2", port, log=other.process.log))
    assert supervisor.get("server") == before


def test_a_log_elsewhere_takes_the_place_of_the_old_one(supervisor: Supervisor, folder: Path, tmp_path: Path) -> None:
    supervisor.put(shell("a", "echo old; exec sleep 1000"))
    wait_until(lambda: lines(folder / "a.log") == ["old"], "the old one wrote")
    supervisor.replace(shell("a", "echo new; exec sleep 1000"))
    wait_until(lambda: lines(folder / "a.log") == ["old", "new"], "the same log goes on")
    supervisor.replace(shell("a", "echo new; exec sleep 1000", log=str(tmp_path / "log")))
    wait_until(lambda: lines(tmp_path / "log") == ["new"], "it writes elsewhere")
    assert not (folder / "a.log").exists()


@pytest.mark.parametrize("same_port", [True, False])
def test_killed_in_the_midst_of_it_the_next_one_goes_on(
    supervisor: Supervisor, folder: Path, port: int, same_port: bool
) -> None:
    other = port if same_port else free_port()
    supervisor.put(server("1", port, "slow", stop_seconds=2))
    assert answer(port) == "1"
    before = identity(until_state(supervisor, "server", "healthy"))
    with guarded(other) if same_port else nullcontext(), ThreadPoolExecutor(1) as pool:
        replacing = pool.submit(supervisor.replace, server("2", other))
        wait_until(lambda: lines(folder / "server.log"), "the old one was asked to end")
        with pytest.raises(TransientError, match="server: not now"):
            supervisor.replace(server("3", port))
        os.kill(supervisor.pid(), signal.SIGKILL)
        assert replacing.result(timeout=60).process.argv[-1] == "2"
        assert gone(before)
        assert answer(other) == "2"
    assert is_free(port) is not same_port
    assert "successor" not in (folder / STATE).read_text()


@pytest.mark.parametrize("ends", ["stop", "remove", "shutdown"])
def test_what_is_to_end_meanwhile_ends(supervisor: Supervisor, folder: Path, port: int, ends: str) -> None:
    supervisor.put(server("1", port, "slow", stop_seconds=2))
    assert answer(port) == "1"
    before = identity(until_state(supervisor, "server", "healthy"))
    other = free_port()
    ways: dict[str, Callable[[], None]] = {
        "stop": lambda: supervisor.stop("server"),
        "remove": lambda: supervisor.remove("server"),
        "shutdown": supervisor.shutdown,
    }
    with ThreadPoolExecutor(1) as pool:
        replacing = pool.submit(supervisor.replace, server("2", other))
        wait_until(lambda: lines(folder / "server.log"), "the old one was asked to end")
        ways[ends]()
        with pytest.raises(TransientError):
            replacing.result(timeout=60)
    assert gone(before)
    assert is_free(port)
    assert is_free(other)
    if ends == "stop":
        assert until_state(supervisor, "server", "stopped").process.argv[-2:] == ("1", "slow")
        assert supervisor.replace(server("2", other)).process.argv[-1] == "2"
        assert answer(other) == "2"
    else:
        assert ends == "shutdown" or supervisor.list() == ()
