"""Two installations of one machine that want the same port: each has its own control plane, whatever happens."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from deployments.server.environment import HOST
from deployments.server.login import require_login
from deployments.server.proof import require_proof
from infra_specs.errors import ServerError
from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import processes_naming

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]
PORT = 4700
ROUNDS = 10
PROGRAM = Path(sys.executable).with_name("tenfold")


@pytest.fixture(scope="module")
def homes() -> Iterator[tuple[Path, Path]]:
    folder = Path(tempfile.mkdtemp(prefix="tenfold-"))
    pair = folder / "a", folder / "b"
    yield pair
    for home in pair:
        run(home, "stop").wait()
    shutil.rmtree(folder, ignore_errors=True)


def run(home: Path, verb: str) -> "subprocess.Popen[str]":
    env = {**os.environ, "TENFOLD_HOME": str(home), "TENFOLD_SERVER_PORT": str(PORT)}
    return subprocess.Popen(
        [PROGRAM, "server", verb], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def ports(homes: tuple[Path, Path]) -> list[int]:
    """Start both at once; the port of each, which proves that it is that home's."""
    starting = [run(home, "start") for home in homes]
    told = [(process.communicate(timeout=300)[0], process.returncode) for process in starting]
    assert [code for _, code in told] == [0, 0], told
    urls = []
    for home in homes:
        supervisor = Supervisor.find(home / "control")
        assert supervisor is not None
        status = supervisor.get("server")
        assert status is not None
        port = int(status.process.labels["port"])
        require_proof(require_login(home), HOST, port)
        urls.append(port)
    return urls


@pytest.mark.parametrize("number", range(ROUNDS))
def test_started_at_once_each_has_its_own(homes: tuple[Path, Path], number: int) -> None:
    first, second = ports(homes)
    assert first != second
    with pytest.raises(ServerError, match="is answered by another program"):
        require_proof(require_login(homes[0]), HOST, second)
    for home in homes:
        kill(home)
        (home / "control" / "state.json").unlink()  # so that both want the first port again


def test_one_that_finds_its_port_taken_says_so_and_never_asks_the_other(homes: tuple[Path, Path]) -> None:
    before = ports(homes)
    kill(homes[0])
    run(homes[1], "stop").wait()
    env = {**os.environ, "TENFOLD_HOME": str(homes[1]), "TENFOLD_SERVER_PORT": str(before[0])}
    subprocess.run([PROGRAM, "server", "start"], env=env, check=True, capture_output=True)
    told = run(homes[0], "start").communicate(timeout=300)[0]
    assert f"Port {before[0]} is taken by another program: the control plane is at port " in told


def kill(home: Path) -> None:
    """All of a control plane, as a machine's crash does."""
    for pid in processes_naming(str(home / "control")):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not processes_naming(str(home / "control")), "all are gone")
