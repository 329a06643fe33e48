"""Installations for tests that a control plane can be started in: their folder, their port, their waits."""

import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deployments.server import control_plane
from tests.support.certificates import authority

autoscale_seconds = 5
SELDOM = 3600
program = Path(sys.executable).with_name("tenfold")
modules_of_the_user = dict.fromkeys(
    ("tasks.py", "flows.py", "docker.py"), "raise RuntimeError('this is the user\\'s own')\n"
)


@dataclass(frozen=True)
class Installation:
    """A folder in which commands are given, and the variables that they are given with."""

    folder: Path
    variables: Mapping[str, str]

    @property
    def home(self) -> Path:
        return Path(self.variables["TENFOLD_HOME"])

    def enter(self, environment: pytest.MonkeyPatch) -> None:
        """Our own code, and what we start, works on this installation."""
        for name, value in self.variables.items():
            environment.setenv(name, value)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The same for a block."""
        with pytest.MonkeyPatch.context() as environment:
            self.enter(environment)
            yield

    def start_at_once(self, number: int) -> None:
        """So many commands start the control plane at the same moment; all of them are well when they end."""
        with self.entered():
            command = [program, "server", "start"]
            starting = [
                subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                for _ in range(number)
            ]
            ends = [(process.communicate(timeout=300)[0].decode(), process.returncode) for process in starting]
        assert [code for _, code in ends] == [0] * number, ends


@contextmanager
def installation() -> Iterator[Installation]:
    """A new one, in a folder with modules of the user's own that hide ours. At its end nothing of it runs."""
    folder = Path(tempfile.mkdtemp(prefix="tenfold-"))
    folder.chmod(0o711)  # only the home's own modes keep other accounts out
    for name, text in modules_of_the_user.items():
        (folder / name).write_text(text)
    # Nobody is asked over TLS, and every process of Prefect would read all authorities of the world several times.
    (folder / "one.pem").write_text(authority().pem)
    variables = {
        "TENFOLD_HOME": str(folder / "home"), "TENFOLD_SERVER_PORT": str(free_port()),
        "TENFOLD_AUTOSCALE_SECONDS": str(autoscale_seconds), "TENFOLD_RECONCILE_SECONDS": str(SELDOM),
        "PREFECT_HOME": str(folder / "prefect"), "SSL_CERT_FILE": str(folder / "one.pem"),
    }  # fmt: skip
    here = Installation(folder, variables)
    try:
        yield here
    finally:
        with here.entered():
            control_plane.stop()
        shutil.rmtree(folder, ignore_errors=True)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
