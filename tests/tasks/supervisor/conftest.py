"""A supervisor for one test, ended after it whatever the test killed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.supervisor.client import Supervisor
from tests.support.waiting import wait_until
from tests.tasks.supervisor.support import gone, identities


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where a test may start a supervisor. Afterwards nothing that it kept may be left."""
    folder = tmp_path / "kept"
    yield folder
    if Supervisor.was_left(folder) or Supervisor.find(folder):
        supervisor = Supervisor.start(folder)
        kept = identities(supervisor)
        supervisor.shutdown()
        wait_until(lambda: all(gone(each) for each in kept), "all that was kept is gone")


@pytest.fixture
def supervisor(folder: Path) -> Supervisor:
    return Supervisor.start(folder)
