"""How the control plane's processes are kept, tried with small ones in their place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.control_plane import _supervisor
from tasks.supervisor.client import Supervisor
from tests.tasks.supervisor.support import gone, identity, sleeper, start_of, unpack_earlier, until_state

pytestmark = pytest.mark.local


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "control"
    yield folder
    if Supervisor.was_left(folder) or Supervisor.find(folder):
        Supervisor.start(folder).shutdown()


def test_a_supervisor_of_an_earlier_version_is_replaced_and_all_ends_that_it_kept(tmp_path: Path, folder: Path) -> None:
    old = start_of(unpack_earlier(tmp_path / "earlier"), folder)
    old.put(sleeper("server", labels={"port": 4711}))
    kept = identity(until_state(old, "server", "healthy"))
    first = old.pid()
    supervisor, before = _supervisor(folder)
    assert before is not None
    assert before.process.labels == {"port": 4711}
    assert supervisor.is_current()
    assert supervisor.pid() != first
    assert gone(kept)
    assert supervisor.list() == ()
    again, before = _supervisor(folder)
    assert (again.pid(), before) == (supervisor.pid(), None)
