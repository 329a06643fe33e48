"""Another account of the machine is refused, even where the modes of folder and socket are wide open."""

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local.envoy import admin
from tasks.supervisor.client import Supervisor
from tasks.supervisor.folder import LOCK, SOCKET
from tasks.supervisor.peer import is_trusted, uid_of
from tasks.supervisor.process import Probe
from tasks.supervisor.rpc import call
from tasks.supervisor.serialization import process_to
from tests.support.strangers import running
from tests.tasks.supervisor.support import shell, sleeper, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]
other_account = pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another account")

ASK = """
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
try:
    connection.sendall(sys.argv[2].encode() + b"\\n")
    print("answer:", connection.recv(1000))
except OSError as error:
    print(error.strerror)
"""
LISTEN = """
os.path.exists(sys.argv[1]) and os.unlink(sys.argv[1])
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print(flush=True)
while True:
    connection = listener.accept()[0]
    try:
        probe = connection.recv(100000).startswith(b"GET ")
        connection.sendall(b"HTTP/1.1 200 OK\\r\\n\\r\\n" if probe else b'{"answer": {"pid": 1, "ending": false}}\\n')
    except OSError:
        pass
    connection.close()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where every account may do everything."""
    path = Path(tempfile.mkdtemp(prefix="tenfold-"))
    path.chmod(0o777)
    yield path / "kept"
    if Supervisor.find(path / "kept"):
        (path / "kept").chmod(0o700)
        Supervisor(path / "kept").shutdown()
    shutil.rmtree(path)


@contextmanager
def _nobody_listens(path: Path) -> Iterator[None]:
    """Another account answers at this socket, whatever it is asked."""
    with running(_as_nobody(LISTEN, str(path)), stdout=subprocess.PIPE) as listener:
        assert listener.stdout
        assert listener.stdout.readline() == b"\n"
        yield


def _as_nobody(code: str, *arguments: str) -> list[str]:
    drop = f"import os, socket, sys; os.setgroups([]); os.setgid(65534); os.setuid({pwd.getpwnam('nobody').pw_uid})\n"
    return [sys.executable, "-I", "-S", "-c", drop + code, *arguments]


def _open(folder: Path) -> None:
    folder.chmod(0o777)
    (folder / SOCKET).chmod(0o777)


def test_both_ends_of_a_connection_are_ours() -> None:
    ends = socket.socketpair(socket.AF_UNIX)
    with ends[0], ends[1]:
        assert uid_of(ends[0]) == os.geteuid()
        assert is_trusted(ends[1])


@other_account
@pytest.mark.parametrize("verb", ["ping", "list", "put", "shutdown"])
def test_a_supervisor_refuses_another_account(folder: Path, verb: str) -> None:
    supervisor = Supervisor.start(folder)
    _open(folder)
    made = folder.parent / "made"
    request = {"verb": verb, "process": process_to(shell("a", f"touch {made}"))}
    asked = subprocess.run(
        _as_nobody(ASK, str(folder / SOCKET), json.dumps(request)), capture_output=True, text=True, check=True
    )
    assert asked.stdout in ("answer: b''\n", "Connection reset by peer\n", "Broken pipe\n")
    assert supervisor.list() == ()
    assert not made.exists()


@other_account
def test_a_client_tells_another_accounts_listener_nothing(folder: Path) -> None:
    Supervisor.start(folder)
    _open(folder)
    refused = pytest.raises(ProviderError, match=f"another account listens on {folder / SOCKET}")
    with _nobody_listens(folder / SOCKET), refused:
        call(folder, {"verb": "ping"})
    (folder / LOCK).unlink()  # its supervisor, which nobody can ask any more, ends without its folder


@other_account
def test_a_probe_of_a_socket_counts_no_other_account(folder: Path) -> None:
    supervisor = Supervisor.start(folder)
    path = folder.parent / "app.sock"
    with _nobody_listens(path):
        supervisor.put(sleeper("a", probe=Probe("socket", path=str(path), start_seconds=0.2)))
        assert f"{path}: another account listens there" in until_state(supervisor, "a", "failed").reason
        supervisor.put(sleeper("b", user="nobody", probe=Probe("socket", path=str(path), start_seconds=0.2)))
        until_state(supervisor, "b", "healthy")


@other_account
def test_another_accounts_admin_socket_is_no_proxy(folder: Path) -> None:
    path = folder.parent / "admin.sock"
    with _nobody_listens(path):
        assert admin.admin_state(folder.parent) is None
        assert admin.traffic(folder.parent) == {}
