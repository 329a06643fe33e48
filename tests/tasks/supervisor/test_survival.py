"""Killed at any point, the supervisor or its successor takes up what runs, with the same pids."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import identify
from tasks.supervisor.process import Probe
from tests.support.nested import starter
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identities, identity, lines, parent, shell, sleeper, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]


def _kill(*pids: int) -> None:
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


def test_the_guardian_restarts_it_and_all_are_adopted(supervisor: Supervisor) -> None:
    for number in range(100):
        supervisor.put(sleeper(f"p{number}"))
    before = [until_state(supervisor, f"p{number}", "healthy").pid for number in range(100)]
    for _ in range(2):
        _kill(supervisor.pid())
        after = [supervisor.get(f"p{number}") for number in range(100)]
        assert [status and status.pid for status in after] == before
        assert all(status and status.state == "healthy" and status.restarts == 0 for status in after)


def test_the_supervisor_outlives_its_guardian_and_becomes_one(supervisor: Supervisor) -> None:
    supervisor.put(sleeper("a"))
    before = until_state(supervisor, "a", "healthy")
    first = supervisor.pid()
    _kill(parent(first))
    wait_until(lambda: supervisor.pid() != first, "a new supervisor answers")
    assert parent(supervisor.pid()) == first
    assert supervisor.get("a") == before
    _kill(supervisor.pid())
    assert supervisor.get("a") == before
    _kill(identity(before).pid)
    until_state(supervisor, "a", "healthy", restarts=1)


def test_both_killed_the_next_start_adopts(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(sleeper("a"))
    supervisor.put(shell("ends", "while [ ! -e end ]; do sleep 0.02; done", cwd=str(folder)))
    before = until_state(supervisor, "a", "healthy")
    ending = identity(until_state(supervisor, "ends", "healthy"))
    own = supervisor.pid()
    guardian = parent(own)
    # Stopped first: the one must not answer the death of the other.
    os.kill(own, signal.SIGSTOP)
    _kill(guardian, own)
    wait_until(lambda: Supervisor.find(folder) is None, "nobody holds the lock")
    assert Supervisor.was_left(folder)
    (folder / "end").touch()
    wait_until(lambda: gone(ending), "the other ended unseen")
    (folder / "end").unlink()
    assert Supervisor.start(folder).get("a") == before
    again = until_state(supervisor, "ends", "healthy", restarts=1)
    assert identity(again) != ending


def test_a_preparation_under_way_is_waited_for_and_repeated(supervisor: Supervisor, folder: Path) -> None:
    code = "[ -e done ] || { echo begin; while [ ! -e go ]; do sleep 0.02; done; echo end; touch done; }"
    supervisor.put(sleeper("a", cwd=str(folder), prepare=(("/bin/sh", "-c", code),)))
    wait_until(lambda: lines(folder / "a.log"), "it prepares")
    _kill(supervisor.pid())
    supervisor.pid()
    (folder / "go").touch()
    until_state(supervisor, "a", "healthy")
    assert lines(folder / "a.log") == ["begin", "end"]


def test_a_stop_under_way_goes_on(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(shell("a", "trap 'echo asked' TERM; while :; do sleep 0.05; done", stop_seconds=3))
    supervisor.put(sleeper("resting"))
    before = identity(until_state(supervisor, "a", "healthy"))
    with ThreadPoolExecutor(1) as pool:
        removal = pool.submit(supervisor.remove, "a")
        wait_until(lambda: lines(folder / "a.log"), "it was asked")
        _kill(supervisor.pid())
        removal.result(timeout=60)
    assert supervisor.get("a") is None
    assert gone(before)


def test_a_shutdown_under_way_goes_on(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(shell("a", "trap 'echo asked' TERM; while :; do sleep 0.05; done", stop_seconds=2))
    before = identity(until_state(supervisor, "a", "healthy"))
    with ThreadPoolExecutor(1) as pool:
        shutdown = pool.submit(supervisor.shutdown)
        wait_until(lambda: lines(folder / "a.log"), "it was asked")
        _kill(supervisor.pid())
        shutdown.result(timeout=60)
    assert Supervisor.find(folder) is None
    assert gone(before)
    assert not Supervisor.was_left(folder)


def test_asked_to_end_it_stops_all_and_the_next_start_has_them_again(supervisor: Supervisor, folder: Path) -> None:
    supervisor.put(sleeper("a", probe=Probe("command", command=("true",))))
    supervisor.put(sleeper("stopped"))
    supervisor.stop("stopped")
    before = identity(until_state(supervisor, "a", "healthy"))
    os.kill(parent(supervisor.pid()), signal.SIGTERM)
    wait_until(lambda: Supervisor.find(folder) is None, "it ended")
    assert gone(before)
    Supervisor.start(folder)
    assert identity(until_state(supervisor, "a", "healthy")) != before
    assert until_state(supervisor, "stopped", "stopped").pid is None


@pytest.mark.parametrize("owned", [False, True])
def test_a_deleted_folder_ends_what_ran_in_it(supervisor: Supervisor, folder: Path, owned: bool) -> None:
    supervisor.put(sleeper("a", owned=owned))
    until_state(supervisor, "a", "healthy")
    before = identities(supervisor)
    elsewhere = folder.with_name("moved")
    folder.rename(elsewhere)
    wait_until(lambda: all(gone(instance) for instance in before), "it ended")
    wait_until(lambda: Supervisor.find(elsewhere) is None, "the supervisor too")
    (elsewhere / "state.json").unlink(missing_ok=True)


def test_a_supervisor_killed_between_fork_and_record_leaves_no_orphan(tmp_path: Path) -> None:
    code = f"""
import asyncio, os, signal, sys
from tasks.supervisor.process import Process
from tasks.supervisor.spawn import spawn
def killed(identity):
    print(identity.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
async def main():
    process = Process("a", ("/usr/bin/touch", "{tmp_path}/ran"), log="{tmp_path}/log")
    spawn(process, process.argv, killed)
asyncio.run(main())
"""
    root = Path(__file__).parents[3]
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    wait_until(lambda: identify(int(ran.stdout)) is None, "the child that waited is gone, whoever reaps it")
    assert not (tmp_path / "ran").exists()


def test_a_supervisor_started_by_a_kept_process_outlives_it(supervisor: Supervisor, folder: Path) -> None:
    inner = folder.with_name("inner")
    supervisor.put(starter("outer", inner, owned=False))
    wait_until(lambda: Supervisor.was_left(inner), "the inner one was started")
    try:
        before = until_state(Supervisor(inner), "a", "healthy")
        supervisor.shutdown()
        assert Supervisor(inner).get("a") == before
    finally:
        Supervisor.start(inner).shutdown()
