"""What hangs is killed with its children and started again, where its probe says how long it may be silent."""

import os
import signal
import socket
from pathlib import Path

import pytest

from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Probe
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identities, identity, lines, python, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]

ANSWERS = """
import http.server, subprocess, sys
child = subprocess.Popen(['sleep', '1000'], start_new_session=True)
print(child.pid)
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2])); self.end_headers()
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Answer).serve_forever()
"""


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def probe(port: int, patience: float, **more: float) -> Probe:
    return Probe("http", port, interval=0.05, timeout=0.2, patience=patience, **more)  # type: ignore[arg-type]


def test_a_stopped_process_is_killed_with_its_children_and_started_again(
    supervisor: Supervisor, folder: Path, port: int
) -> None:
    log = folder / "a.log"
    supervisor.put(python("a", ANSWERS, str(port), "200", probe=probe(port, 0.5), log=str(log)))
    before = identity(until_state(supervisor, "a", "healthy"))
    child = int(lines(log)[0])
    for pid in (child, before.pid):
        os.kill(pid, signal.SIGSTOP)
    again = until_state(supervisor, "a", "healthy", restarts=1)
    assert gone(before)
    wait_until(lambda: not Path(f"/proc/{child}/cwd").exists(), "its child is gone")
    assert again.restarts == 1
    assert "did not answer for" in (folder / "supervisor.log").read_text()


def test_without_patience_a_stopped_process_stays(supervisor: Supervisor, port: int) -> None:
    supervisor.put(python("a", ANSWERS, str(port), "200", probe=probe(port, 0.0)))
    before = until_state(supervisor, "a", "healthy")
    assert before.pid
    os.kill(before.pid, signal.SIGSTOP)
    failed = until_state(supervisor, "a", "failed")
    assert (failed.pid, failed.restarts) == (before.pid, 0)
    os.kill(before.pid, signal.SIGCONT)
    assert until_state(supervisor, "a", "healthy").pid == before.pid


def test_one_that_answers_that_it_is_not_well_does_not_hang(supervisor: Supervisor, port: int) -> None:
    supervisor.put(python("a", ANSWERS, str(port), "503", probe=probe(port, 0.1, start_seconds=1.0)))
    before = until_state(supervisor, "a", "failed")
    watched = python("b", "import time; time.sleep(2)", probe=Probe("tcp", port + 1), restarts=1)
    supervisor.put(watched)  # ends after two seconds of the other's silence
    until_state(supervisor, "b", "failed")
    after = supervisor.get("a")
    assert after
    assert (after.pid, after.restarts) == (before.pid, 0)


def test_one_that_was_stopped_while_no_supervisor_ran_is_found_by_the_next(supervisor: Supervisor, port: int) -> None:
    supervisor.put(python("a", ANSWERS, str(port), "200", probe=probe(port, 0.5)))
    before = identity(until_state(supervisor, "a", "healthy"))
    os.kill(before.pid, signal.SIGSTOP)
    os.kill(supervisor.pid(), signal.SIGKILL)
    until_state(supervisor, "a", "healthy", restarts=1)
    assert before not in identities(supervisor)
