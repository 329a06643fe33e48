"""What the login costs: the start of the server, and a call of its API, beside Prefect's own server without one.

python -m benchmarks.login [CALLS] [STARTS]
"""

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from deployments.cli.following.proven_transport import ProvenTransport
from deployments.server.environment import HOST, environment
from deployments.server.login import Login, ensure_login
from tests.support.homes import temporary_home

START_SECONDS = 120.0


@contextmanager
def bare(home: Path) -> Iterator[int]:
    """Prefect's own server, as it was started before there was a login."""
    port = _free_port()
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", HOST, "--port", str(port)]
    with _running(command, home, port):
        yield port


@contextmanager
def with_login(home: Path) -> Iterator[int]:
    """Ours, on a socket that is bound before."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(128)
        port = listening.getsockname()[1]
        handle = listening.fileno()
        command = [sys.executable, "-m", "deployments.server", "api"]
        told = {"TENFOLD_LISTEN_FD": str(handle), "TENFOLD_HOME": str(home)}
        with _running(command, home, port, told, (handle,)):
            yield port


@contextmanager
def _running(
    command: list[str], home: Path, port: int, more: dict[str, str] | None = None, handles: tuple[int, ...] = ()
) -> Iterator[None]:
    env = {**os.environ, **environment(home, port), **(more or {})}
    process = subprocess.Popen(command, env=env, pass_fds=handles, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + START_SECONDS
        while not _is_up(port):
            if time.monotonic() > until or process.poll() is not None:
                raise RuntimeError(f"the server at port {port} does not start")
            time.sleep(0.01)
        yield
    finally:
        process.terminate()
        process.wait()


def _is_up(port: int) -> bool:
    try:
        return httpx.get(f"http://{HOST}:{port}/api/health", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def calls(port: int, number: int, login: Login | None) -> float:
    """The median of so many calls over one connection, in milliseconds."""
    transport = ProvenTransport(login) if login else httpx.HTTPTransport(trust_env=False)
    with httpx.Client(base_url=f"http://{HOST}:{port}/api", transport=transport) as client:
        times = []
        for _ in range(number + 20):
            began = time.perf_counter()
            client.get("/admin/version").raise_for_status()
            times.append(time.perf_counter() - began)
    return statistics.median(times[20:]) * 1000


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    starts = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    with temporary_home() as home:
        home.mkdir()
        login, _ = ensure_login(home)
        seconds: dict[str, list[float]] = {"without": [], "with": []}
        milliseconds: dict[str, list[float]] = {"without": [], "with": []}
        for turn in range(starts + 1):  # the first makes the database
            for name, kind, shown in (("without", bare, None), ("with", with_login, login)):
                began = time.perf_counter()
                with kind(home) as port:
                    if turn:
                        seconds[name].append(time.perf_counter() - began)
                        milliseconds[name].append(calls(port, number, shown))
        for what, unit, values in (("start", "s", seconds), ("API call", "ms", milliseconds)):
            without, with_it = statistics.median(values["without"]), statistics.median(values["with"])
            print(
                f"{what}: {without:.2f} {unit} without a login, {with_it:.2f} {unit} with one "
                f"({with_it - without:+.2f} {unit}, {with_it / without:.2f} x; medians of {starts} starts"
                + (f", {number} calls each)" if unit == "ms" else ")")
            )


if __name__ == "__main__":
    main()
