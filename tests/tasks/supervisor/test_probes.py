"""Each kind of probe, well and unwell."""

import socket
from pathlib import Path
from typing import Literal

import pytest

from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Probe
from tests.tasks.supervisor.support import python, sleeper, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]

LISTEN = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\nwhile 1: s.accept()"
UNIX = """
import os, socket, sys
s = socket.socket(1); os.chdir(sys.argv[1]); s.bind('s'); s.listen()
while 1:
    c = s.accept()[0]
    if sys.argv[2] != 'silent':
        asked = c.recv(100).split()
        c.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n' if asked[:2] == [b'GET', b'/ready'] else b'no')
        c.close()
"""
HTTP = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == '/well' else 503); self.end_headers()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Answer).serve_forever()
"""


NEED = """
import socket, sys
s = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while 1:
    c = s.accept()[0]
    c.recv(1000); c.sendall(sys.argv[2].encode()); c.close()
"""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_port(supervisor: Supervisor) -> None:
    port = _free_port()
    supervisor.put(python("well", LISTEN, str(port), probe=Probe("tcp", port=port)))
    supervisor.put(sleeper("unwell", probe=Probe("tcp", port=_free_port(), start_seconds=0.2)))
    assert until_state(supervisor, "well", "healthy").reason == "answers"
    assert "Connection refused" in until_state(supervisor, "unwell", "failed").reason


def test_a_page(supervisor: Supervisor) -> None:
    well, unwell = _free_port(), _free_port()
    supervisor.put(python("well", HTTP, str(well), probe=Probe("http", port=well, path="/well")))
    supervisor.put(python("unwell", HTTP, str(unwell), probe=Probe("http", port=unwell, path="/no", start_seconds=10)))
    until_state(supervisor, "well", "healthy")
    assert "answered HTTP/1.0 503 Service Unavailable" in until_state(supervisor, "unwell", "failed").reason


def test_a_unix_socket_of_any_length(supervisor: Supervisor, tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    supervisor.put(python("well", UNIX, str(deep), "answers", probe=Probe("socket", path=str(deep / "s"))))
    supervisor.put(sleeper("unwell", probe=Probe("socket", path=str(tmp_path / "none"), start_seconds=0.2)))
    until_state(supervisor, "well", "healthy")
    assert "No such file" in until_state(supervisor, "unwell", "failed").reason


def test_a_unix_socket_that_only_accepts(supervisor: Supervisor, tmp_path: Path) -> None:
    probe = Probe("socket", path=str(tmp_path / "s"), timeout=0.2, start_seconds=0.5)
    supervisor.put(python("a", UNIX, str(tmp_path), "silent", probe=probe))
    assert "no answer to its socket probe within 0.2 s" in until_state(supervisor, "a", "failed").reason


@pytest.mark.parametrize(
    ("kind", "answer", "expected"),
    [
        ("postgres", "R", ""),
        ("postgres", "ESFATAL C3D000", ""),
        ("postgres", "ESFATAL C57P03", "the database is starting up"),
        ("postgres", "HTTP/1.1 400", "the database does not speak its protocol yet"),
        ("valkey", "+PONG\n", ""),
        ("valkey", "-NOAUTH Authentication required.\n", ""),
        ("valkey", "-LOADING\n", "the server answered -LOADING"),
    ],
)
def test_a_need(supervisor: Supervisor, kind: Literal["postgres", "valkey"], answer: str, expected: str) -> None:
    port = _free_port()
    probe = Probe(kind, port=port, user="app", database="app", start_seconds=10.0 if not expected else 0.5)
    supervisor.put(python("a", NEED, str(port), answer, probe=probe))
    status = until_state(supervisor, "a", "failed" if expected else "healthy")
    assert expected in status.reason


def test_a_command_that_hangs_is_killed(supervisor: Supervisor) -> None:
    supervisor.put(sleeper("well", probe=Probe("command", command=("true",))))
    hanging = Probe("command", command=("sleep", "1000"), timeout=0.1, start_seconds=0.3)
    supervisor.put(sleeper("unwell", probe=hanging))
    until_state(supervisor, "well", "healthy")
    assert "no answer to its command probe within 0.1 s" in until_state(supervisor, "unwell", "failed").reason


def test_a_silent_server(supervisor: Supervisor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        probe = Probe("http", port=silent.getsockname()[1], timeout=0.1, start_seconds=0.5)
        supervisor.put(sleeper("a", probe=probe))
        assert "no answer to its http probe" in until_state(supervisor, "a", "failed").reason
