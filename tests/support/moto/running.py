"""A moto server for tests, in moto's own environment, which scripts/moto makes. Without it they are skipped."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

PYTHON = Path(os.environ.get("TENFOLD_MOTO", Path(sys.prefix) / "moto")) / "bin/python"
PATIENCE = 120.0


@contextmanager
def moto_server() -> Iterator[str]:
    """The address of a server that holds nothing, until the block ends."""
    if not PYTHON.exists():
        pytest.skip(f"no moto at {PYTHON}, which scripts/moto installs: nothing of AWS is tested")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(__file__).with_name("server.py")
    server = subprocess.Popen([PYTHON, program, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        address = f"http://127.0.0.1:{port}"
        _await(address, server)
        yield address
    finally:
        server.terminate()
        server.wait()


def forget(address: str) -> None:
    """The server holds nothing any more."""
    urlopen(Request(f"{address}/moto-api/reset", method="POST"), timeout=30).close()


def _await(address: str, server: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE
    while not _answers(address):
        assert server.poll() is None, "moto did not start"
        assert time.monotonic() < until, "moto does not answer"
        time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        urlopen(f"{address}/moto-api/", timeout=5).close()
    except (URLError, OSError):
        return False
    return True
