"""A fork has the caller's environment and folder, ends alone, and leaves no zombie."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.fork_server import ForkServer, fork_server
from tests.support.waiting import wait_until

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with fork_server(os.environ) as started:
        yield started


@dataclass(frozen=True)
class Tell:
    """Writes a variable and the folder, and then sleeps as long as it is told."""

    variable: str
    sleep: float = 0.0

    def __call__(self, writing: int) -> None:
        os.write(writing, f"{os.environ[self.variable]} {Path.cwd()}".encode())
        time.sleep(self.sleep)


def fails(writing: int) -> None:
    raise RuntimeError("as it was told to")


def test_it_has_the_environment_and_the_folder_of_now(
    server: ForkServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for value in ("first", "second"):
        monkeypatch.setenv("TENFOLD_TOLD", value)
        pid, reading = server.fork(Tell("TENFOLD_TOLD"))
        with os.fdopen(reading) as pipe:
            assert pipe.read() == f"{value} {tmp_path}"
        wait_until(lambda pid=pid: not Path(f"/proc/{pid}").exists(), "it has ended and is no zombie")  # type: ignore[misc]


def test_killed_it_ends_alone(server: ForkServer) -> None:
    pid, reading = server.fork(Tell("PATH", sleep=1000))
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), "it is gone")
    os.close(reading)
    assert serves(server)


def test_one_that_fails_writes_nothing(server: ForkServer) -> None:
    _, reading = server.fork(fails)
    with os.fdopen(reading) as pipe:
        assert pipe.read() == ""
    assert serves(server)


def test_a_call_that_it_cannot_load_is_refused(server: ForkServer) -> None:
    with pytest.raises(AssertionError, match="could not fork"):
        server.fork(Unloadable())
    assert serves(server)


def serves(server: ForkServer) -> bool:
    """Whether it forks once more."""
    _, reading = server.fork(Tell("PATH"))
    with os.fdopen(reading) as pipe:
        return bool(pipe.read())


class Unloadable:
    """Breaks where it is unpickled."""

    def __call__(self, writing: int) -> None: ...

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return int, ("no number",)
