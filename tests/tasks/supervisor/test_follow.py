"""Who follows a supervisor is told each change of a state as it happens, and of its end."""

import os
import select
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from infra_specs.errors import TransientError
from tasks.supervisor.client import Supervisor
from tasks.supervisor.following import Following
from tasks.supervisor.process import Status
from tests.tasks.supervisor.support import identity, shell, sleeper, until_state

pytestmark = [pytest.mark.proof, pytest.mark.local]
SECONDS = 60.0


def told(following: Following, wanted: Callable[[Status], bool]) -> Status:
    """The first change that is wanted."""
    while select.select([following], [], [], SECONDS)[0]:
        for status in following.changes():
            if wanted(status):
                return status
    raise TimeoutError


def test_each_change_is_told(supervisor: Supervisor, folder: Path) -> None:
    following, second = Following(folder), Following(folder)
    supervisor.put(sleeper("kept", labels={"address": "replica/web-0"}))
    assert told(following, lambda status: status.state == "healthy").process.labels == {"address": "replica/web-0"}
    os.kill(identity(until_state(supervisor, "kept", "healthy")).pid, signal.SIGKILL)
    restarted = told(following, lambda status: status.restarts == 1)
    assert (restarted.state, restarted.pid) == ("starting", None)
    supervisor.put(shell("broken", "exit 3", restarts=1))
    rests = told(following, lambda status: status.process.name == "broken" and status.state == "failed")
    assert rests.pid is None
    assert "exited with 3" in rests.reason
    supervisor.remove("kept")
    assert told(following, lambda status: status.state == "stopped").process.name == "kept"
    assert told(second, lambda status: status.state == "stopped").process.name == "kept"
    following.close()
    second.close()
    assert [status.process.name for status in supervisor.list()] == ["broken"]


def test_its_end_is_told_and_its_successor_can_be_followed(supervisor: Supervisor, folder: Path) -> None:
    following = Following(folder)
    os.kill(supervisor.pid(), signal.SIGKILL)
    with pytest.raises(EOFError):
        told(following, lambda _: False)
    following.close()
    assert supervisor.pid()
    following = Following(folder)
    supervisor.put(sleeper("kept"))
    assert told(following, lambda status: status.state == "healthy")
    supervisor.shutdown()
    with pytest.raises(EOFError):
        told(following, lambda _: False)
    following.close()
    with pytest.raises(TransientError, match="cannot be followed"):
        Following(folder)
