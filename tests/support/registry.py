"""A real registry with logins on this machine's loopback: Debian's package, fetched once and run from where it lies."""

import http.client
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

user, password = "tester", "open sesame"
_LINE = f"{user}:$2y$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW\n"
"""What htpasswd makes of the two: bcrypt is all that the registry takes."""
_PACKAGE = "docker-registry"
_PATIENCE = 60.0


class NoRegistry(Exception):
    """It cannot be had on this machine, and why."""


@dataclass(frozen=True)
class Registry:
    """One that runs: its name for the engine of this machine."""

    address: str


@contextmanager
def registry(folder: Path) -> Iterator[Registry]:
    """Runs until the end of the block, with its data in `folder`. Raises NoRegistry."""
    program = _program()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    (folder / "htpasswd").write_text(_LINE)
    (folder / "registry.yml").write_text(
        "version: 0.1\nlog: {level: error}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder}/data}}}}\n"
        f"http: {{addr: '{address}'}}\n"
        f"auth: {{htpasswd: {{realm: tests, path: {folder}/htpasswd}}}}\n"
    )
    with (folder / "log").open("w") as log:
        running = subprocess.Popen([program, "serve", folder / "registry.yml"], stdout=log, stderr=log)
    try:
        _until_it_asks_for_a_login(address, folder / "log")
        yield Registry(address)
    finally:
        running.terminate()
        running.wait()


def _program() -> Path:
    if installed := shutil.which(_PACKAGE):
        return Path(installed)
    folder = Path(tempfile.gettempdir()) / f"tenfold-test-registry-{os.getuid()}"
    if not (folder / "usr/bin" / _PACKAGE).exists():
        if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
            raise NoRegistry(f"there is no {_PACKAGE}, and only Debian's package of it is known here")
        folder.mkdir(exist_ok=True)
        got = subprocess.run(["apt-get", "download", _PACKAGE], cwd=folder, capture_output=True, text=True, check=False)
        packages = sorted(folder.glob("*.deb"))
        if got.returncode or not packages:
            raise NoRegistry(f"apt-get download {_PACKAGE} failed: {got.stderr.strip()[-200:]}")
        with tempfile.TemporaryDirectory(dir=folder) as fresh:
            subprocess.run(["dpkg-deb", "-x", packages[-1], fresh], check=True)
            Path(fresh, "usr").rename(folder / "usr")
    return folder / "usr/bin" / _PACKAGE


def _until_it_asks_for_a_login(address: str, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        connection = http.client.HTTPConnection(address, timeout=5)
        try:
            connection.request("GET", "/v2/")
            if connection.getresponse().status == http.HTTPStatus.UNAUTHORIZED:
                return
        except OSError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        finally:
            connection.close()
