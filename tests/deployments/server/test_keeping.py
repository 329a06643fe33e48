"""How the control plane's processes are kept, tried with small ones in their place."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deployments.server.control_plane import _keep, _supervisor
from tasks.supervisor.client import Supervisor
from tests.tasks.supervisor.support import PATH, gone, identity, sleeper, start_of, unpack_earlier, until_state
from tests.tasks.supervisor.test_replace import free_port, guarded

pytestmark = [pytest.mark.local, pytest.mark.proof]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "control"
    yield folder
    if Supervisor.was_left(folder) or Supervisor.find(folder):
        Supervisor.start(folder).shutdown()


def test_a_supervisor_of_an_earlier_version_is_replaced_and_all_ends_that_it_kept(tmp_path: Path, folder: Path) -> None:
    old = start_of(unpack_earlier(tmp_path / "earlier"), folder)
    old.put(sleeper("server", labels={"port": 4711}))
    identity_before = identity(until_state(old, "server", "healthy"))
    first = old.pid()
    supervisor, before = _supervisor(folder)
    assert before is not None
    assert before.process.labels == {"port": 4711}
    assert supervisor.is_current()
    assert supervisor.pid() != first
    assert gone(identity_before)
    assert supervisor.list() == ()
    again, before = _supervisor(folder)
    assert (again.pid(), before) == (supervisor.pid(), None)


def test_a_server_of_another_version_leaves_its_port_to_nobody_but_its_successor(folder: Path) -> None:
    supervisor, _ = _supervisor(folder)
    port = free_port()
    status = supervisor.put(sleeper("server", listen=port))
    with guarded(port):
        for version in range(5):
            newer = sleeper("server", listen=port, env={**PATH, "TENFOLD_LOGIN_VERSION": str(version)})
            _keep(supervisor, status, newer)
            status = until_state(supervisor, "server", "healthy")
            assert status.process.env == newer.env
        _keep(supervisor, status, newer)
        assert until_state(supervisor, "server", "healthy") == status
