"""A probe counts only if the process itself answered it."""

import os
import pwd
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.supervisor import port_owner
from tasks.supervisor.client import Supervisor
from tasks.supervisor.family import kept_here
from tasks.supervisor.listening import Listening, can_tell
from tasks.supervisor.process import Probe
from tests.support.strangers import running
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identity, python, sleeper, until_state

pytestmark = [
    pytest.mark.proof,
    pytest.mark.local,
    pytest.mark.skipif(not can_tell(), reason="this system does not say who listens"),
]

LISTEN = """
import os, socket, sys, time
def listen(address="127.0.0.1", family=socket.AF_INET, **options):
    return socket.create_server((address, int(sys.argv[1])), family=family, **options)
def serve(listener):
    while True:
        listener.accept()[0].close()
def daemon():
    if os.fork(): os._exit(0)
    os.setsid()
    if os.fork(): os._exit(0)
"""
REAL = {
    "alone": "serve(listen())",
    "on every address": "serve(listen('0.0.0.0'))",
    "on every address of both kinds": "serve(listen('::', socket.AF_INET6, dualstack_ipv6=True))",
    "workers of a parent's socket": "s = listen()\nfor _ in range(3): os.fork() or serve(s)\ntime.sleep(1000)",
    "a worker alone": "os.fork() or serve(listen())\nos.wait()",
    "a worker in a session of its own": "os.fork() or (os.setsid(), serve(listen()))\nos.wait()",
    "workers that share the port": ("for _ in range(3): os.fork() or serve(listen(reuse_port=True))\ntime.sleep(1000)"),
    "a grandchild whose parent ended": "os.fork() or (os.fork() or serve(listen()), os._exit(0))\ntime.sleep(1000)",
    "a daemon": "os.fork() or (daemon(), serve(listen()))\ntime.sleep(1000)",
}


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def stranger(port: int) -> Iterator[int]:
    """Another program on the port; its pid."""
    code = LISTEN + "s = listen(reuse_port=True)\nprint('listens', flush=True)\nserve(s)"
    command = [sys.executable, "-I", "-S", "-c", code, str(port)]
    with running(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"listens\n"
        yield process.pid


@pytest.mark.parametrize("how", REAL)
def test_a_real_program_counts(supervisor: Supervisor, port: int, how: str) -> None:
    supervisor.put(python("a", LISTEN + REAL[how], str(port), probe=Probe("tcp", port=port, interval=0.05)))
    before = until_state(supervisor, "a", "healthy")
    os.kill(supervisor.pid(), signal.SIGKILL)
    after = until_state(supervisor, "a", "healthy")
    assert (after.pid, after.since) == (before.pid, before.since)
    _end_daemon(port)


def _end_daemon(port: int) -> None:
    """A daemon outlives its process: end it here."""
    for pid in map(int, filter(str.isdigit, os.listdir("/proc"))):  # noqa: PTH208 - names alone
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(port).encode() in command:
            os.kill(pid, signal.SIGKILL)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a program as another account")
def test_a_program_that_drops_to_another_account_counts(supervisor: Supervisor, port: int) -> None:
    code = LISTEN + f"s = listen()\nos.setuid({pwd.getpwnam('nobody').pw_uid})\nserve(s)"
    supervisor.put(python("a", code, str(port), probe=Probe("tcp", port=port)))
    until_state(supervisor, "a", "healthy")


@pytest.mark.parametrize("kind", ["tcp", "http", "command"])
def test_a_strangers_answer_makes_nobody_healthy(supervisor: Supervisor, port: int, kind: str, tmp_path: Path) -> None:
    code = LISTEN + (
        "s = listen()\nprint(flush=True)\nwhile True:\n"
        "    c = s.accept()[0]; c.recv(1000); c.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n'); c.close()"
    )
    with running([sys.executable, "-c", code, str(port)], stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout
        stranger.stdout.readline()
        probe = Probe(kind, port=port, command=("true",), start_seconds=0.5)  # type: ignore[arg-type]
        supervisor.put(sleeper("a", probe=probe))
        reason = until_state(supervisor, "a", "failed").reason
    served = f"port {port} is served by another program (pid {stranger.pid}, python"
    assert reason.startswith(f"not ready after 0.5 s: {served}")


@pytest.mark.parametrize("how", ["alone", "on every address", "a worker in a session of its own"])
def test_a_program_that_ignores_its_port_is_told_where_it_listens(supervisor: Supervisor, port: int, how: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        elsewhere = int(server.getsockname()[1])
    probe = Probe("tcp", port=port, start_seconds=0.5)
    supervisor.put(python("a", LISTEN + REAL[how], str(elsewhere), probe=probe, env={"PORT": str(port)}))

    def reason() -> str:
        status = supervisor.get("a")
        return status.reason if status else ""

    wait_until(lambda: "it listens" in reason(), "the port is named")
    assert reason().startswith(
        f"not ready after 0.5 s: port {port}: Connection refused; it listens on port {elsewhere} "
    )
    assert f"and not on {port}, which the variable PORT gives it. Let it read that, as in: sh -c 'exec " in reason()
    assert reason().endswith("""--port "$PORT"'""")
    _end_daemon(elsewhere)


def test_a_program_that_listens_nowhere_is_told_nothing_of_its_port(supervisor: Supervisor, port: int) -> None:
    probe = Probe("tcp", port=port, start_seconds=0.5)
    supervisor.put(sleeper("a", probe=probe, env={"PORT": str(port)}))
    assert until_state(supervisor, "a", "failed").reason == f"not ready after 0.5 s: port {port}: Connection refused"


def test_another_process_of_the_same_supervisor_is_a_stranger_too(supervisor: Supervisor, port: int) -> None:
    supervisor.put(sleeper("first", probe=Probe("tcp", port=port, start_seconds=0.5)))
    server = python("second", LISTEN + "serve(listen())", str(port), probe=Probe("tcp", port=port))
    supervisor.put(server)
    serving = until_state(supervisor, "second", "healthy")
    assert f"another program (pid {serving.pid}, " in until_state(supervisor, "first", "failed").reason
    os.kill(supervisor.pid(), signal.SIGKILL)
    wait_until(lambda: supervisor.get("second") == serving, "the second was adopted")
    assert until_state(supervisor, "first", "failed").pid


def test_a_stranger_that_shares_the_port_is_found(supervisor: Supervisor, port: int, stranger: int) -> None:
    code = LISTEN + "serve(listen(reuse_port=True))"
    supervisor.put(python("a", code, str(port), probe=Probe("tcp", port=port, start_seconds=0.5)))
    assert f"another program (pid {stranger}, " in until_state(supervisor, "a", "failed").reason


def test_a_port_that_changes_hands_while_the_process_runs(supervisor: Supervisor, port: int, tmp_path: Path) -> None:
    let_go = tmp_path / "let go"
    code = (
        f"s = listen()\nwhile not os.path.exists({str(let_go)!r}): s.accept()[0].close()\ns.close()\ntime.sleep(1000)"
    )
    # It has failed only once the other program had all the time to begin.
    probe = Probe("tcp", port=port, interval=0.05, threshold=100)
    supervisor.put(python("a", LISTEN + code, str(port), probe=probe))
    until_state(supervisor, "a", "healthy")
    eager = "while True:\n    try: serve(listen())\n    except OSError: time.sleep(0.001)"
    with running([sys.executable, "-c", LISTEN + eager, str(port)]) as stranger:
        let_go.touch()
        reason = until_state(supervisor, "a", "failed").reason
    assert f"port {port} is served by another program (pid {stranger.pid}, python" in reason


def test_a_program_that_ends_because_its_port_is_taken_says_so(
    supervisor: Supervisor, port: int, stranger: int
) -> None:
    code = LISTEN + "serve(listen())"
    supervisor.put(python("a", code, str(port), probe=Probe("tcp", port=port), restarts=2))
    reason = until_state(supervisor, "a", "failed").reason
    assert reason.startswith(f"exited with 1: port {port} is taken by another program (pid {stranger}, python")


def test_an_earlier_starts_daemon_is_a_stranger(supervisor: Supervisor, port: int) -> None:
    code = LISTEN + REAL["a daemon"]
    supervisor.put(python("a", code, str(port), probe=Probe("tcp", port=port, start_seconds=0.5)))
    before = identity(until_state(supervisor, "a", "healthy"))
    os.kill(before.pid, signal.SIGKILL)
    wait_until(lambda: gone(before), "the leader ended")
    assert f"port {port} is served by another program" in until_state(supervisor, "a", "failed", restarts=1).reason
    _end_daemon(port)


def test_the_held_socket_is_the_process_s_own(supervisor: Supervisor, port: int) -> None:
    code = (
        "import socket\ns = socket.socket(fileno=3)\nwhile True:\n    c = s.accept()[0]; c.recv(1000)\n"
        "    c.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n'); c.close()"
    )
    supervisor.put(python("a", code, listen=port, probe=Probe("http", port=port)))
    before = until_state(supervisor, "a", "healthy")
    os.kill(supervisor.pid(), signal.SIGKILL)
    wait_until(lambda: supervisor.get("a") == before, "it was adopted")


def test_who_may_not_look_into_a_process_compares_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, inodes: object) -> set[int]:
        raise PermissionError(pid, inodes)

    monkeypatch.setattr(port_owner, "held", refuse)
    monkeypatch.setattr(port_owner, "family", lambda kept: iter([kept.leader]))
    monkeypatch.setattr(port_owner, "holder", lambda entry: f"of the account {entry.uid}")
    kept = kept_here(os.getpid(), None, [])
    for uid, expected in ((os.geteuid(), ""), (4711, "port 1 is served by another program (of the account 4711)")):
        monkeypatch.setattr(port_owner, "listening", lambda port, uid=uid: (Listening(5, uid),))
        assert port_owner.PortOwner(1, lambda: kept, None).fault() == expected
        assert port_owner.fault_of(1, os.getpid()) == expected


def test_where_the_kernel_cannot_say_who_listens_no_port_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(port: int) -> tuple[Listening, ...]:
        raise OSError(port, "No buffer space available")

    monkeypatch.setattr(port_owner, "listening", refuse)
    assert port_owner.fault_of(1, os.getpid()) == ""
    assert port_owner.taken_by(1) == ""


def test_where_nobody_can_tell_every_answer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(port_owner, "can_tell", lambda: False)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert port_owner.PortOwner(port, lambda: kept_here(1, None, []), None).fault() == ""
        assert port_owner.taken_by(port) == ""


def test_a_process_starts_once_the_ports_that_it_is_told_of_are_proven(
    supervisor: Supervisor, folder: Path, port: int, stranger: int
) -> None:
    code = LISTEN + "serve(listen())"
    supervisor.put(sleeper("app", needs=(port,)))
    supervisor.put(python("server", code, str(port), probe=Probe("tcp", port=port, interval=0.05), restarts=1000))
    wait_until(lambda: (s := supervisor.get("server")) and s.restarts > 1, "the stranger is in its way")
    waits = supervisor.get("app")
    assert waits
    assert (waits.state, waits.pid) == ("starting", None)
    assert waits.reason == f"waits for port {port}, which no healthy process of its stack serves"
    os.kill(stranger, signal.SIGKILL)
    until_state(supervisor, "server", "healthy")
    app = identity(until_state(supervisor, "app", "healthy"))
    supervisor.stop("server")
    assert not gone(app), "it is not stopped with its server"
    os.kill(app.pid, signal.SIGKILL)
    assert "waits for port" in until_state(supervisor, "app", "failed").reason
    supervisor.remove("server")
    supervisor.put(python("second", code, str(port), probe=Probe("tcp", port=port, interval=0.05)))
    until_state(supervisor, "app", "healthy")


def test_what_runs_once_never_runs_after_it_has_failed(supervisor: Supervisor, folder: Path, port: int) -> None:
    job = python("job", "open('ran', 'w')", needs=(port,), once=True, cwd=str(folder))
    supervisor.put(job)
    waits = f"waits for port {port}, which no healthy process of its stack serves"
    assert until_state(supervisor, "job", "failed").reason == waits
    server = python("server", LISTEN + "serve(listen())", str(port), probe=Probe("tcp", port=port))
    supervisor.put(server)
    until_state(supervisor, "server", "healthy")
    supervisor.remove("job")
    assert not (folder / "ran").exists()
    supervisor.put(job)
    until_state(supervisor, "job", "healthy")
    assert (folder / "ran").exists()
