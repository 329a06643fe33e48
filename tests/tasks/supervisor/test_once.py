"""What runs once: to its end, never again, and never taken for well when nobody saw how it ended."""

import os
import signal
from pathlib import Path

import pytest

from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identity, lines, parent, shell, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]


@pytest.mark.parametrize(("code", "state"), [(0, "healthy"), (3, "failed")])
def test_it_runs_once_and_stays_as_it_ended(supervisor: Supervisor, folder: Path, code: int, state: str) -> None:
    job = shell("job", f"echo begun >>ran; exit {code}", cwd=str(folder), once=True)
    assert supervisor.put(job).state == "starting"
    ended = until_state(supervisor, "job", state)  # type: ignore[arg-type]
    assert (ended.reason, ended.pid, ended.restarts) == (f"exited with {code}", None, 0)
    assert supervisor.put(job) == ended
    supervisor.stop("job")
    os.kill(supervisor.pid(), signal.SIGKILL)
    status = supervisor.get("job")
    assert status is not None
    assert (status.state, status.reason) == (state, f"exited with {code}")
    assert lines(folder / "ran") == ["begun"]


def test_one_that_outlives_its_supervisor_ends_unseen(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(shell("job", "while [ ! -e end ]; do sleep 0.02; done", cwd=str(folder), once=True))
    wait_until(lambda: (status := supervisor.get("job")) and status.pid, "it runs")
    before = supervisor.get("job")
    os.kill(supervisor.pid(), signal.SIGKILL)
    assert supervisor.get("job") == before
    (folder / "end").touch()
    ended = until_state(supervisor, "job", "failed")
    assert ended.reason == "ended, and nobody saw how: its supervisor was killed meanwhile"


def test_one_that_ended_while_no_supervisor_ran_has_failed(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(shell("job", "while [ ! -e end ]; do sleep 0.02; done", cwd=str(folder), once=True))
    wait_until(lambda: (status := supervisor.get("job")) and status.pid, "it runs")
    status = supervisor.get("job")
    assert status is not None
    running, own = identity(status), supervisor.pid()
    guardian = parent(own)
    os.kill(own, signal.SIGSTOP)
    os.kill(guardian, signal.SIGKILL)
    os.kill(own, signal.SIGKILL)
    wait_until(lambda: Supervisor.find(folder) is None, "nobody holds the lock")
    (folder / "end").touch()
    wait_until(lambda: gone(running), "it ended unseen")
    ended = until_state(Supervisor.start(folder), "job", "failed")
    assert (ended.reason, ended.pid) == ("ended while no supervisor ran", None)


def test_one_that_was_cut_off_with_its_supervisor_is_not_begun_again(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(shell("job", "echo begun >>ran; trap 'exit 0' TERM; sleep 1000 & wait", cwd=str(folder), once=True))
    supervisor.put(shell("done", "exit 0", once=True))
    until_state(supervisor, "done", "healthy")
    wait_until(lambda: lines(folder / "ran"), "it runs")
    os.kill(supervisor.pid(), signal.SIGTERM)
    wait_until(lambda: Supervisor.find(folder) is None, "the supervisor ended")
    again = Supervisor.start(folder)
    ended, other = again.get("job"), again.get("done")
    assert ended is not None
    assert (ended.state, ended.reason) == ("failed", "was stopped with its supervisor before its end")
    assert lines(folder / "ran") == ["begun"]
    assert other is not None
    assert (other.state, other.reason) == ("healthy", "exited with 0")


def test_one_that_cannot_be_started_says_so(supervisor: Supervisor) -> None:
    supervisor.put(shell("job", "exit 0", cwd="/nowhere", once=True))
    assert "could not be started" in until_state(supervisor, "job", "failed").reason
