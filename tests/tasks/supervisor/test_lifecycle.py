"""Starts, restarts and failures."""

import os
import signal
from pathlib import Path

import pytest

from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Probe
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identity, lines, python, shell, sleeper, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]


def test_what_is_killed_is_started_again(supervisor: Supervisor) -> None:
    supervisor.put(sleeper("a"))
    before = until_state(supervisor, "a", "healthy")
    os.kill(identity(before).pid, signal.SIGKILL)
    wait_until(lambda: (s := supervisor.get("a")) and s.restarts == 1 and s.pid, "it was started again")
    status = supervisor.get("a")
    assert status
    assert (status.state, status.reason) == ("starting", "exited with 137, restarted")
    assert until_state(supervisor, "a", "healthy").pid != before.pid


def test_what_cannot_stay_up_fails_and_rests_with_its_log(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(shell("a", "echo no database; exit 3", restarts=3))
    status = until_state(supervisor, "a", "failed")
    assert status.reason == "exited with 3; it failed to start 3 times in a row and now rests"
    assert (status.pid, status.restarts) == (None, 2)
    assert [(end.how, end.code) for end in status.ends] == [("exited with 3", 3)] * 3
    assert supervisor.logs("a", 10) == "no database\n" * 3
    supervisor.stop("a")
    stopped = supervisor.get("a")
    assert stopped
    assert (stopped.state, stopped.reason) == ("stopped", f"stopped; it had failed: {status.reason}")


def test_what_is_not_there_fails_saying_so(supervisor: Supervisor) -> None:
    supervisor.put(sleeper("a", argv=("/no/such/program",), restarts=1))
    assert "could not be started: [Errno 2] No such file" in until_state(supervisor, "a", "failed").reason


def test_preparations_run_in_order_before_each_start(supervisor: Supervisor, folder: Path) -> None:
    prepare = (("/bin/sh", "-c", "echo one"), ("/bin/sh", "-c", "echo two"))
    supervisor.put(shell("a", "echo three; exec sleep 1000", prepare=prepare))
    before = until_state(supervisor, "a", "healthy")
    os.kill(identity(before).pid, signal.SIGKILL)
    until_state(supervisor, "a", "healthy", restarts=1)
    assert lines(folder / "a.log") == ["one", "two", "three"] * 2


def test_a_failed_preparation_fails_the_start(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(sleeper("a", prepare=(("/bin/sh", "-c", "echo no disk; exit 4"),), restarts=2))
    assert "its preparation /bin/sh exited with 4" in until_state(supervisor, "a", "failed").reason
    assert supervisor.logs("a", 1) == "no disk\n"


def test_a_preparation_under_way_is_stopped_too(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(sleeper("a", prepare=(("/bin/sh", "-c", "echo $$; exec sleep 1000"),)))
    wait_until(lambda: lines(folder / "a.log"), "it prepares")
    supervisor.remove("a")
    assert supervisor.list() == ()


def test_a_healthy_one_that_stops_answering_fails_and_runs_on(supervisor: Supervisor, tmp_path: Path) -> None:
    well = tmp_path / "well"
    well.touch()
    probe = Probe("command", command=("test", "-e", str(well)), interval=0.05, threshold=3)
    supervisor.put(sleeper("a", probe=probe))
    before = until_state(supervisor, "a", "healthy")
    well.unlink()
    failed = until_state(supervisor, "a", "failed")
    assert failed.pid == before.pid
    assert failed.reason == "3 probes in a row failed: its probe test exited with 1"
    well.touch()
    assert until_state(supervisor, "a", "healthy").pid == before.pid


def test_what_never_answers_fails_and_runs_on(supervisor: Supervisor) -> None:
    supervisor.put(sleeper("a", probe=Probe("command", command=("false",), start_seconds=0.2)))
    status = until_state(supervisor, "a", "failed")
    assert status.reason == "not ready after 0.2 s: its probe false exited with 1"
    assert not gone(identity(status))
    os.kill(identity(status).pid, signal.SIGKILL)
    wait_until(lambda: (s := supervisor.get("a")) and s.restarts == 1, "it is started again when it ends")


def test_one_that_prints_its_end_is_read_across_the_restart(supervisor: Supervisor) -> None:
    supervisor.put(python("a", "import time; print('up'); time.sleep(1000)"))
    os.kill(identity(until_state(supervisor, "a", "healthy")).pid, signal.SIGTERM)
    until_state(supervisor, "a", "healthy", restarts=1)
    assert supervisor.logs("a", 5) == "up\nup\n"
