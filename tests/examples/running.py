"""The sample app and its stores as processes of a test, on ports of their own."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.providers.local import binaries

APP = Path(__file__).parents[2] / "examples" / "app"
patience = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise AssertionError(f"{process.args} did not listen within {patience:g} s")


def end(process: subprocess.Popen[bytes], with_signal: int = signal.SIGTERM) -> int:
    process.send_signal(with_signal)
    try:
        return process.wait(timeout=patience)
    finally:
        process.kill()


class Replica:
    """One replica of the app, reached without a proxy."""

    def __init__(self, **env: str) -> None:
        self.port = free_port()
        # Nothing inherited: this machine's own DATABASE_URL would change what is tested.
        env = {"PORT": str(self.port), "PATH": os.environ["PATH"], **env}
        self.process = subprocess.Popen([sys.executable, "app.py"], cwd=APP, env=env)
        wait_for(self.port, self.process)

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=patience)

    def ask(self, path: str, method: str = "GET", body: str | None = None) -> tuple[int, str]:
        with contextlib.closing(self.connect()) as connection:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def json(self, path: str) -> Any:
        return json.loads(self.ask(path)[1])


@contextlib.contextmanager
def replica(**env: str) -> Iterator[Replica]:
    running = Replica(**env)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            end(running.process)


class Postgres:
    """A PostgreSQL that can be stopped and started again on the same port and data."""

    def __init__(self, folder: Path) -> None:
        self._bin, self._data, self.port = binaries.postgres(folder), folder / "data", free_port()
        self._data.mkdir(mode=0o700)
        self._account: dict[str, Any] = {}
        if name := binaries.account():
            shutil.chown(self._data, name)
            self._account = {"user": name, "group": self._data.stat().st_gid, "extra_groups": []}
        words = ["-D", str(self._data), "-U", "app", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"]
        subprocess.run([self._bin / "initdb", *words], check=True, cwd="/", stdout=subprocess.DEVNULL, **self._account)
        self.url = f"postgresql://app@127.0.0.1:{self.port}/postgres"
        self.start()

    def start(self) -> None:
        words = ["-D", str(self._data), "-p", str(self.port), "-F", "-c", "unix_socket_directories="]
        self._process = subprocess.Popen([self._bin / "postgres", *words], cwd="/", **self._account)
        deadline = time.monotonic() + patience
        ready = [self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port), "-U", "app", "-d", "postgres"]
        while subprocess.run(ready, check=False, cwd="/", **self._account).returncode != 0:
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            time.sleep(0.05)

    def stop(self) -> None:
        end(self._process, signal.SIGINT)


@contextlib.contextmanager
def postgres() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="tenfold-test-"))
    folder.chmod(0o711)  # the account that PostgreSQL runs as passes through
    try:
        database = Postgres(folder)
        try:
            yield database
        finally:
            database.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def valkey() -> Iterator[str]:
    """The URL of a running cache."""
    port = free_port()
    words = ["--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]
    process = subprocess.Popen([binaries.valkey(), *words], cwd="/", stdout=subprocess.DEVNULL)
    try:
        wait_for(port, process)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        end(process)
