"""Bare Prefect, as its own guide has it: `prefect server start`, and a flow that does nothing, served on schedules.

python -m benchmarks.idle.bare SECONDS...    serve the flow, every so many seconds each
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from prefect import flow, serve

from tests.deployments.installations import free_port

PATIENCE = 180.0


@flow
def nothing() -> None:
    """Does nothing."""


@contextmanager
def bare_prefect(intervals: Sequence[float]) -> Iterator[Path]:
    """Its server and the process that serves, until the block ends. Yields the folder that both have in their
    environment."""
    with tempfile.TemporaryDirectory(prefix="bare-") as folder:
        port = free_port()
        env = {
            **os.environ, "PREFECT_HOME": folder, "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1",
        }  # fmt: skip
        binaries = Path(sys.executable).parent
        server = [str(binaries / "prefect"), "server", "start", "--port", str(port)]
        serving = [sys.executable, "-m", "benchmarks.idle.bare", *map(str, intervals)]
        with (Path(folder) / "log").open("w") as log:
            started = [subprocess.Popen(server, env=env, stdout=log, stderr=log)]
            try:
                _wait(f"http://127.0.0.1:{port}/api/health")
                if intervals:
                    started.append(subprocess.Popen(serving, env=env, stdout=log, stderr=log))
                yield Path(folder)
            finally:
                for process in reversed(started):
                    process.terminate()
                    process.wait()


def _wait(url: str) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            if httpx.get(url, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise TimeoutError(f"Nothing answers at {url}.")


if __name__ == "__main__":
    serve(*(nothing.to_deployment(f"every {text} s", interval=float(text)) for text in sys.argv[1:]))  # type: ignore[arg-type]
