"""Processes in hand: by a descriptor, and by asking again where the kernel has none."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from tasks.supervisor.identity import identify
from tasks.supervisor.launch import CannotStart
from tasks.supervisor.running import Running, describe_exit
from tasks.supervisor.spawn import spawn
from tests.tasks.supervisor.support import gone, shell, sleeper

pytestmark = [pytest.mark.local, pytest.mark.proof]


@pytest.fixture(params=["pidfd", "polled"])
def _kernel(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "polled":
        monkeypatch.setattr("tasks.supervisor.running.open_process", lambda pid: None)


@pytest.mark.usefixtures("_kernel")
async def test_a_child_says_how_it_ended(tmp_path: Path) -> None:
    process = shell("a", "exit 3", log=str(tmp_path / "log"))
    assert await spawn(process, process.argv, lambda identity: None).ended == 3


@pytest.mark.usefixtures("_kernel")
async def test_an_adopted_one_is_told_from_another_of_its_pid(tmp_path: Path) -> None:
    process = sleeper("a", log=str(tmp_path / "log"))
    child = spawn(process, process.argv, lambda identity: None)
    assert Running.adopt(replace(child.identity, started="1")) is None
    assert not gone(child.identity), "another process of that pid is left alone"
    adopted = Running.adopt(child.identity)
    assert adopted
    await child.end(signal.SIGTERM, group=False, seconds=10)
    await adopted.gone()
    assert adopted.ended.result() is None
    assert child.ended.result() == -signal.SIGTERM
    adopted.send(signal.SIGKILL, group=True)
    assert Running.adopt(child.identity) is None


async def test_what_cannot_be_recorded_never_runs(tmp_path: Path) -> None:
    def full(identity: object) -> None:
        raise OSError(28, "No space left on device")

    process = shell("a", "touch ran", cwd=str(tmp_path), log=str(tmp_path / "log"))
    with pytest.raises(CannotStart, match=r"could not be recorded: .*No space left"):
        spawn(process, process.argv, full)
    assert not (tmp_path / "ran").exists()


def test_identity_of_this_process_and_of_none() -> None:
    own = identify(os.getpid())
    assert own
    assert own == identify(os.getpid())
    assert identify(2**22 + 1) is None


@pytest.mark.parametrize(("code", "words"), [(0, "exited with 0"), (-9, "exited with 137"), (None, "ended")])
def test_words(code: int | None, words: str) -> None:
    assert describe_exit(code) == words
