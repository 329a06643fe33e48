"""A throw-away authority that signs certificates: Pebble, the ACME test server, and its DNS server. On loopback alone.

Every name leads to 127.0.0.1 in its eyes. It refuses nonces at random, as the world does.
"""

import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import Authority, authority

PATIENCE = 60.0
NONCE_REJECT = "20"
"""Percent of the good nonces that it refuses."""


@dataclass(frozen=True)
class Pebble:
    """`directory` is what a spec names, `roots` the file of who signed for the directory itself."""

    directory: str
    management: str
    roots: Path
    http_port: int
    log: Path

    @property
    def issuer(self) -> str:
        """The root of the certificates that it issues, in PEM."""
        return _fetched(f"{self.management}/roots/0", self.roots)

    def orders(self) -> int:
        """Orders that it was asked for and took."""
        return self.log.read_text(errors="replace").count("Added order")


def program(name: str) -> str | None:
    """Where it is: on the path, or where `make test` puts it."""
    return shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))


def free_port() -> int:
    """A port of loopback that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running_pebble(**environment: str) -> Iterator[Pebble]:
    """An authority of the caller's own. It asks hosts at `http_port`; it is ended and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-pebble-"))
    ports = {name: free_port() for name in ("wfe", "management", "http", "tls", "dns", "dns_management")}
    ours = authority()
    _settings(folder, ports, ours)
    names = [
        "-dns01", f"127.0.0.1:{ports['dns']}", "-management", f"127.0.0.1:{ports['dns_management']}",
        "-defaultIPv4", "127.0.0.1", "-defaultIPv6", "", "-http01", "", "-https01", "", "-tlsalpn01", "",
    ]  # fmt: skip
    signs = ["-config", "settings.json", "-strict", "-dnsserver", f"127.0.0.1:{ports['dns']}"]
    chosen = {"PEBBLE_WFE_NONCEREJECT": NONCE_REJECT, "PEBBLE_VA_NOSLEEP": "1", **environment}
    pebble = Pebble(
        f"https://127.0.0.1:{ports['wfe']}/dir",
        f"https://127.0.0.1:{ports['management']}",
        folder / "roots.pem",
        ports["http"],
        folder / "pebble.log",
    )
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        stack.enter_context(_running([program("pebble-challtestsrv") or "", *names], folder, "names.log", {}))
        server = stack.enter_context(_running([program("pebble") or "", *signs], folder, "pebble.log", chosen))
        _await_ready(server, pebble)
        yield pebble


@contextmanager
def _running(
    command: list[str], folder: Path, log: str, environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    with (folder / log).open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=folder, env={"PATH": os.defpath, **environment}
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _settings(folder: Path, ports: Mapping[str, int], ours: Authority) -> None:
    chain, key = ours.issue("127.0.0.1", "localhost")
    (folder / "chain.pem").write_text(chain)
    (folder / "key.pem").write_text(key)
    (folder / "roots.pem").write_text(ours.pem)
    settings = {
        "listenAddress": f"127.0.0.1:{ports['wfe']}",
        "managementListenAddress": f"127.0.0.1:{ports['management']}",
        "certificate": "chain.pem",
        "privateKey": "key.pem",
        "httpPort": ports["http"],
        "tlsPort": ports["tls"],
        "ocspResponderURL": "",
        "externalAccountBindingRequired": False,
    }
    (folder / "settings.json").write_text(json.dumps({"pebble": settings}))


def _await_ready(server: "subprocess.Popen[bytes]", pebble: Pebble) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert server.poll() is None, pebble.log.read_text()
        try:
            _fetched(pebble.directory, pebble.roots)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"never ready: {pebble.log.read_text()}")


def _fetched(url: str, roots: Path) -> str:
    context = ssl.create_default_context(cafile=str(roots))
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        text: str = answer.read().decode()
    return text
