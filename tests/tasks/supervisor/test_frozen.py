"""A supervisor or its guardian is frozen (SIGSTOP): the other finds it, and what is kept runs on."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra_specs.errors import TransientError
from tasks.supervisor import rpc
from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import Identity, guardian_of, identify
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identity, sleeper, until_state

pytestmark = [pytest.mark.local, pytest.mark.proof]

Outcome = Callable[[str, str], None]


def own(supervisor: Supervisor) -> tuple[int, int]:
    """The pids of the supervisor and of its guardian."""
    pid = supervisor.pid()
    guardian = guardian_of(pid)
    assert guardian
    return pid, guardian


def is_another(supervisor: Supervisor, before: int) -> bool:
    try:
        return supervisor.pid() != before
    except TransientError:
        return False


def test_a_frozen_supervisor_is_replaced(supervisor: Supervisor, outcome: Outcome) -> None:
    supervisor.put(sleeper("a"))
    before = until_state(supervisor, "a", "healthy")
    pid, guardian = own(supervisor)
    began = time.monotonic()
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: is_another(supervisor, pid), "another supervisor answers")
    outcome("frozen supervisor", f"back after {time.monotonic() - began:.1f} s")
    assert own(supervisor)[1] == guardian
    assert supervisor.get("a") == before


def test_a_frozen_guardian_is_replaced(supervisor: Supervisor, outcome: Outcome) -> None:
    supervisor.put(sleeper("a"))
    before = until_state(supervisor, "a", "healthy")
    pid, guardian = own(supervisor)
    frozen = identity_of(guardian)
    began = time.monotonic()
    os.kill(guardian, signal.SIGSTOP)
    wait_until(lambda: gone(frozen) and is_another(supervisor, pid), "its supervisor has taken its place")
    outcome("frozen guardian", f"back after {time.monotonic() - began:.1f} s")
    assert own(supervisor)[1] == pid, "the old supervisor is the guardian of a new one"
    assert supervisor.get("a") == before


def test_both_frozen_whoever_asks_ends_them(
    supervisor: Supervisor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor.put(sleeper("a"))
    before = until_state(supervisor, "a", "healthy")
    pids = own(supervisor)
    for pid in reversed(pids):
        os.kill(pid, signal.SIGSTOP)
    with monkeypatch.context() as impatient:
        impatient.setattr(rpc, "ANSWER_SECONDS", 0.5)
        with pytest.raises(TransientError, match="it was stopped, and is ended"):
            supervisor.list()
    wait_until(lambda: Supervisor.find(folder) is None, "both are gone")
    assert Supervisor.start(folder).get("a") == before


@pytest.mark.parametrize("asked", ["start", "list"])
def test_one_frozen_and_the_other_killed_whoever_asks_ends_it(asked: str, supervisor: Supervisor, folder: Path) -> None:
    """The dead one cannot be asked, and the frozen one holds the lock."""
    supervisor.put(sleeper("a"))
    before = until_state(supervisor, "a", "healthy")
    pid, guardian = own(supervisor)
    os.kill(guardian, signal.SIGSTOP)
    os.kill(pid, signal.SIGKILL)
    if asked == "list":
        with pytest.raises(TransientError, match="it was stopped, and is ended"):
            supervisor.list()
    assert Supervisor.start(folder).get("a") == before


def test_a_supervisor_that_was_only_stopped_for_a_moment_stays(supervisor: Supervisor) -> None:
    supervisor.put(sleeper("a"))
    pid, guardian = own(supervisor)
    for process in (pid, guardian):
        os.kill(process, signal.SIGSTOP)
    time.sleep(12)  # as a suspended machine: longer than either may be silent
    for process in (guardian, pid):
        os.kill(process, signal.SIGCONT)
    time.sleep(6)  # each has asked the other by now
    assert own(supervisor) == (pid, guardian)
    assert identity(until_state(supervisor, "a", "healthy"))


def identity_of(pid: int) -> Identity:
    found = identify(pid)
    assert found
    return found
