"""A process that may be busy: silent, it is not ready and lives on; only one that is stopped has failed."""

import os
import signal
import socket
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest

from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Probe, Process
from tests.tasks.supervisor.support import identity, python, shell, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]

ONE_WORKER = """
import http.server, os, sys, time
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == '/work':
            while not os.path.exists(sys.argv[2]): time.sleep(0.01)
        self.send_response(200); self.end_headers(); self.wfile.write(b'done')
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Answer).serve_forever()
"""


def _probe(port: int, **fields: object) -> Probe:
    return Probe(
        "http", port=port, interval=0.1, timeout=0.2, threshold=2, may_be_busy=True, start_seconds=60, **fields
    )  # type: ignore[arg-type]


def _port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_busy_one_is_not_ready_and_ends_its_work(supervisor: Supervisor, tmp_path: object) -> None:
    port, ends = _port(), f"{tmp_path}/ends"
    supervisor.put(python("a", ONE_WORKER, str(port), ends, probe=_probe(port)))
    before = until_state(supervisor, "a", "healthy")
    with ThreadPoolExecutor() as beside:
        work = beside.submit(lambda: urllib.request.urlopen(f"http://127.0.0.1:{port}/work", timeout=60).read())
        status = until_state(supervisor, "a", "unready")
        assert status.reason.startswith("its process runs and does not answer: ")
        assert before.since <= status.since
        with open(ends, "w"):  # noqa: PTH123
            pass
        assert work.result() == b"done"
    assert until_state(supervisor, "a", "healthy").pid == before.pid


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_stopped_one_has_failed_even_below_a_shell(supervisor: Supervisor, tmp_path: object, wrapped: bool) -> None:
    port = _port()
    process: Process = python("a", ONE_WORKER, str(port), f"{tmp_path}/ends", probe=_probe(port))
    if wrapped:
        process = shell("a", '"$@" & echo $! >child; wait', *process.argv, cwd=str(tmp_path), probe=process.probe)
    supervisor.put(process)
    pid = identity(until_state(supervisor, "a", "healthy")).pid
    if wrapped:
        with open(f"{tmp_path}/child") as file:  # noqa: PTH123
            pid = int(file.read())
    os.kill(pid, signal.SIGSTOP)
    try:
        assert until_state(supervisor, "a", "failed").reason.startswith("is stopped (state T), and does not answer: ")
    finally:
        os.kill(pid, signal.SIGCONT)
    until_state(supervisor, "a", "healthy")


def test_one_that_was_never_ready_says_which_key_to_raise(supervisor: Supervisor) -> None:
    probe = Probe("http", port=_port(), start_seconds=0.2, start_note="start: 0.2s; raise services.web.start")
    supervisor.put(shell("a", "sleep 1000", probe=probe))
    assert until_state(supervisor, "a", "failed").reason.startswith(
        "not ready after 0.2 s (start: 0.2s; raise services.web.start): port "
    )
