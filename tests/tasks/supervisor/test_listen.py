"""A port that is bound once: nobody else gets it, and its clients wait while its process comes and goes."""

import json
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra_specs.errors import PortTaken, ProviderError
from tasks.supervisor import client
from tasks.supervisor.client import Supervisor
from tasks.supervisor.descriptor_store import LARGEST
from tasks.supervisor.folder import STATE
from tasks.supervisor.listening import can_tell
from tasks.supervisor.process import Probe, Process
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import (
    PATH,
    gone,
    identity,
    is_free,
    lines,
    parent,
    python,
    shell,
    sleeper,
    until_state,
)

pytestmark = [pytest.mark.local, pytest.mark.proof]

SERVE = """
import os, socket, sys, time
listener = socket.socket(fileno=int(os.environ["TENFOLD_LISTEN_FD"]))
while not os.path.exists(sys.argv[1]): time.sleep(0.02)
while True:
    connection, _ = listener.accept()
    connection.sendall(str(os.getpid()).encode())
    connection.close()
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """A server of these tests accepts nobody before this file is there."""
    return tmp_path / "go"


def _server(go: Path, port: int, **fields: Any) -> Process:
    return python("server", SERVE, str(go), listen=port, **fields)


def _connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def _answer(connection: socket.socket) -> int:
    """The pid of the process that answered."""
    with connection:
        return int(connection.recv(100))


def _kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def test_the_process_serves_on_what_it_was_handed(supervisor: Supervisor, port: int, go: Path) -> None:
    go.touch()
    supervisor.put(_server(go, port))
    assert _answer(_connect(port)) == until_state(supervisor, "server", "healthy").pid
    assert supervisor.put(_server(go, port)).pid == until_state(supervisor, "server", "healthy").pid


def test_clients_wait_while_it_restarts(supervisor: Supervisor, port: int, go: Path) -> None:
    supervisor.put(_server(go, port))
    first = until_state(supervisor, "server", "healthy")
    waiting = [_connect(port)]
    _kill(identity(first).pid)
    waiting.append(_connect(port))
    until_state(supervisor, "server", "healthy", restarts=1)
    waiting.append(_connect(port))
    go.touch()
    assert {_answer(connection) for connection in waiting} == {until_state(supervisor, "server", "healthy").pid}


@pytest.mark.parametrize("dies", ["supervisor", "guardian"])
def test_only_the_store_holds_it_and_nobody_gets_it(supervisor: Supervisor, port: int, go: Path, dies: str) -> None:
    supervisor.put(_server(go, port))
    process = identity(until_state(supervisor, "server", "healthy"))
    for death in range(3):
        first = supervisor.pid()
        os.kill(first, signal.SIGSTOP)
        _kill(process.pid)
        wait_until(lambda ended=process: gone(ended), "only the store holds it")
        waiting = _connect(port)
        if dies == "supervisor":
            _kill(first)
        else:
            _kill(parent(first))
            os.kill(first, signal.SIGCONT)
        while supervisor.pid() == first:
            assert not is_free(port)
        process = identity(until_state(supervisor, "server", "healthy", restarts=death + 1))
        go.touch()
        assert _answer(waiting) == process.pid
        assert not is_free(port)
    supervisor.remove("server")
    assert is_free(port)


def test_both_killed_the_process_keeps_it_and_it_is_bound_anew_later(
    supervisor: Supervisor, folder: Path, port: int, go: Path
) -> None:
    go.touch()
    supervisor.put(_server(go, port))
    before = identity(until_state(supervisor, "server", "healthy"))
    _kill_both(supervisor, folder)
    assert _answer(_connect(port)) == before.pid
    Supervisor.start(folder)
    assert _answer(_connect(port)) == before.pid
    _kill(before.pid)
    until_state(supervisor, "server", "healthy", restarts=1)
    assert _answer(_connect(port)) != before.pid


def test_all_killed_and_the_port_taken_meanwhile(supervisor: Supervisor, folder: Path, port: int, go: Path) -> None:
    supervisor.put(_server(go, port, restarts=1))
    before = identity(until_state(supervisor, "server", "healthy"))
    _kill_both(supervisor, folder)
    _kill(before.pid)
    wait_until(lambda: gone(before) and is_free(port), "the port is free")
    with socket.create_server(("127.0.0.1", port)):
        reason = until_state(Supervisor.start(folder), "server", "failed", restarts=1).reason
    assert reason.startswith(f"port {port} is taken by another program")


def _kill_both(supervisor: Supervisor, folder: Path) -> None:
    own = supervisor.pid()
    guardian = parent(own)
    # Stopped first: the one must not answer the death of the other.
    os.kill(own, signal.SIGSTOP)
    _kill(guardian, own)
    wait_until(lambda: Supervisor.find(folder) is None, "nobody holds the lock")


def test_a_taken_port_is_refused_and_the_next_one_works(supervisor: Supervisor, port: int, go: Path) -> None:
    go.touch()
    with socket.create_server(("127.0.0.1", port)), pytest.raises(PortTaken) as refused:
        supervisor.put(_server(go, port))
    assert str(refused.value).startswith(f"port {port} is taken by another program")
    assert not can_tell() or f"(pid {os.getpid()}, " in str(refused.value)
    assert supervisor.list() == ()
    supervisor.put(_server(go, port))
    with pytest.raises(PortTaken):
        supervisor.put(sleeper("other", listen=port))
    assert [status.process.name for status in supervisor.list()] == ["server"]
    assert _answer(_connect(port)) == until_state(supervisor, "server", "healthy").pid


@pytest.mark.parametrize(
    "ends",
    [lambda supervisor: supervisor.remove("server"), lambda supervisor: supervisor.stop("server"), Supervisor.shutdown],
    ids=["remove", "stop", "shutdown"],
)
def test_the_portis_free_again(supervisor: Supervisor, port: int, go: Path, ends: Callable[[Supervisor], None]) -> None:
    supervisor.put(_server(go, port))
    until_state(supervisor, "server", "healthy")
    assert not is_free(port)
    ends(supervisor)
    assert is_free(port)


def test_a_supervisor_that_is_asked_to_end_binds_it_again_at_its_next_start(
    supervisor: Supervisor, folder: Path, port: int, go: Path
) -> None:
    go.touch()
    supervisor.put(_server(go, port))
    until_state(supervisor, "server", "healthy")
    os.kill(parent(supervisor.pid()), signal.SIGTERM)
    wait_until(lambda: Supervisor.find(folder) is None, "it ended")
    assert is_free(port)
    Supervisor.start(folder)
    assert _answer(_connect(port)) == until_state(supervisor, "server", "healthy").pid


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list open descriptors")
def test_a_process_has_its_socket_and_nothing_else(supervisor: Supervisor, folder: Path, port: int) -> None:
    supervisor.put(sleeper("beside", listen=port))
    with socket.create_server(("127.0.0.1", 0)) as server:
        own = int(server.getsockname()[1])
    ends, runs = _shows("prepared"), _shows("started")
    supervisor.put(python("a", runs, str(folder)))
    wait_until(lambda: lines(folder / "started") == ["[0, 1, 2] []"], "it wrote its descriptors")
    (folder / "started").unlink()
    probe = Probe("command", command=python("", _shows("probed"), str(folder)).argv)
    supervisor.put(
        python("b", runs, str(folder), listen=own, prepare=(python("", ends, str(folder)).argv,), probe=probe)
    )
    until_state(supervisor, "b", "healthy")
    wait_until(lambda: lines(folder / "started"), "it wrote its descriptors")
    assert lines(folder / "started") == ["[0, 1, 2, 3] ['TENFOLD_LISTEN_FD=3']"]
    assert lines(folder / "prepared") == lines(folder / "probed") == ["[0, 1, 2] []"]
    assert "TENFOLD_LISTEN_FD" not in (folder / STATE).read_text()
    kept = {
        process["process"]["name"]: process["process"]
        for process in json.loads((folder / STATE).read_text())["processes"]
    }
    assert kept["b"]["listen"] == own
    assert kept["b"]["env"] == dict(PATH)


def _shows(name: str) -> str:
    """A program that writes its descriptors and our variables to that file below its argument."""
    ours = "[f'{key}={value}' for key, value in os.environ.items() if key.startswith('TEN' + 'FOLD')]"
    return (
        "import os, sys, time\n"
        f"text = f\"{{sorted(map(int, os.listdir('/proc/self/fd')))[:-1]}} {{{ours}}}\"\n"
        f"open(sys.argv[1] + '/{name}', 'w').write(text)\n" + ("time.sleep(1000)\n" if name == "started" else "")
    )


def test_a_program_that_is_not_there_is_told_with_its_port_held(supervisor: Supervisor, port: int) -> None:
    supervisor.put(sleeper("a", argv=("/no/such/program",), listen=port, restarts=1))
    assert "No such file" in until_state(supervisor, "a", "failed").reason
    assert not is_free(port)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"listen": 70_000}, "a: 70000 is no port to listen on"),
        ({"listen": -1}, "a: -1 is no port to listen on"),
        ({"listen": 4200, "probe": Probe("tcp", port=4200)}, "a: a tcp probe of the port that is held"),
    ],
)
def test_refused(supervisor: Supervisor, fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ProviderError, match=why) as refused:
        supervisor.put(shell("a", ":", **fields))
    assert not isinstance(refused.value, PortTaken)


def test_a_supervisor_of_an_earlier_version_starts_no_process_without_its_port(
    supervisor: Supervisor, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert supervisor.is_current()

    def earlier(folder: Path, request: dict[str, Any], **options: float) -> Any:
        """It ignores the key that it does not know, and says nothing of ports."""
        if request["verb"] == "put":
            request["process"]["listen"] = 0
        answer = client_call(folder, request, **options)
        return {"pid": answer["pid"], "ending": False} if request["verb"] == "ping" else answer

    client_call = client.call
    monkeypatch.setattr(client, "call", earlier)
    assert not supervisor.is_current()
    with pytest.raises(ProviderError, match="earlier version"):
        supervisor.put(sleeper("a", listen=port))
    assert supervisor.list() == ()


def test_more_ports_than_can_be_held_are_refused(supervisor: Supervisor, port: int) -> None:
    held = []
    for number in range(LARGEST):
        with socket.create_server(("127.0.0.1", 0)) as server:
            held.append(int(server.getsockname()[1]))
        # Nobody serves port 1, so that none of them is started.
        supervisor.put(sleeper(f"p{number}", listen=held[-1], needs=(1,)))
    for _ in range(2):
        first = supervisor.pid()
        _kill(first)
        assert supervisor.pid() != first
        with pytest.raises(ProviderError) as refused:
            supervisor.put(sleeper("more", listen=port))
        assert str(refused.value) == (
            f"port {port} cannot be held: a supervisor holds {LARGEST} at most: end a process that has one first"
        )
        assert not isinstance(refused.value, PortTaken)
        assert not any(is_free(port) for port in held)
    supervisor.remove("p0")
    supervisor.put(sleeper("more", listen=port))
    until_state(supervisor, "more", "healthy")
