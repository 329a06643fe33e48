"""A process that has loaded everything and opened nothing. A call that a test may kill runs in a fork of it.

The tests' own process is no good for that: it has clients of Prefect, threads and SQLite handles, which a fork breaks.
"""

import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

LOADED_AT_START = (
    "alembic.command", "alembic.config", "anyio._backends._asyncio", "anyio.streams.tls", "cryptography.fernet",
    "deployments.cli", "deployments.server.environment", "docker", "fastapi", "flows.autoscale", "flows.deploy",
    "flows.provision", "flows.reconcile", "flows.rollback", "flows.run", "flows.scale", "flows.teardown",
    "opentelemetry._logs", "opentelemetry.metrics", "prefect._internal.metrics", "prefect.concurrency.asyncio",
    "prefect.concurrency.v1.context", "prefect.engine", "prefect.flow_engine", "prefect.task_engine",
    "prefect.telemetry.run_telemetry", "prefect.utilities.visualization", "pydantic.color", "pytest",
    "rich._emoji_codes", "starlette.applications", "starlette.middleware.errors", "starlette.staticfiles",
    "tests.support.children",
)  # fmt: skip
"""The modules of a run, with those that it loads late."""
ROOT = Path(__file__).parents[2]
LENGTH_BYTES = 8
Call = Callable[[int], None]
"""Runs in the fork; it is given the descriptor of the pipe that its caller reads."""


class ForkServer:
    """Starts with the process and ends with `end`, or with the process that started it."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()], cwd=ROOT, env=dict(env),
            )  # fmt: skip

    def fork(self, call: Call) -> tuple[int, int]:
        """Run a call, which can be pickled, with our environment in our folder: its process, and a pipe to read."""
        reading, writing = os.pipe()
        request = pickle.dumps((dict(os.environ), str(Path.cwd()), call))
        socket.send_fds(self._socket, [len(request).to_bytes(LENGTH_BYTES)], [writing])
        self._socket.sendall(request)
        os.close(writing)
        pid = int.from_bytes(self._socket.recv(LENGTH_BYTES, socket.MSG_WAITALL))
        assert pid, "the fork server could not fork; the reason is in its output"
        return pid, reading

    def end(self) -> None:
        self._socket.close()
        self._process.wait()


@contextmanager
def fork_server(env: Mapping[str, str]) -> Iterator[ForkServer]:
    server = ForkServer(env)
    try:
        yield server
    finally:
        server.end()


def serve(asked: socket.socket) -> None:
    """Fork for each request, until there is nobody who could ask."""
    for name in LOADED_AT_START:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a fork that has ended leaves no zombie
    gc.collect()
    gc.freeze()
    while True:
        head, descriptors, _, _ = socket.recv_fds(asked, LENGTH_BYTES, 1)
        if not head:
            return
        request = asked.recv(int.from_bytes(head), socket.MSG_WAITALL)
        (writing,) = descriptors
        asked.sendall(_answer(request, writing).to_bytes(LENGTH_BYTES))
        os.close(writing)


def _answer(request: bytes, writing: int) -> int:
    """The process that a request was given; 0 if it cannot be understood."""
    try:
        # Before the fork, so that a test's own module is loaded once.
        env, folder, call = pickle.loads(request)
    except Exception:
        traceback.print_exc()
        return 0
    pid = os.fork()
    if not pid:
        _run(env, folder, call, writing)
    return pid


def _run(env: Mapping[str, str], folder: str, call: Call, writing: int) -> None:
    """In the fork; it never returns, for it would go on to serve."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(folder)
        call(writing)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


if __name__ == "__main__":
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):  # no variable can say so
        serve(socket.socket(fileno=int(sys.argv[1])))
