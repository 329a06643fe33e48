"""Two control planes for all tests of deployments: one that is asked, and one that may be broken.

They end with the last of these tests: each of them takes a fifth of a core as long as it stands.
"""

from collections.abc import Iterator

import pytest

from deployments.server import control_plane
from deployments.server.control_plane import ControlPlane
from tasks.providers.memory import MemoryProvider
from tests.deployments.installations import Installation, installation
from tests.deployments.plane import Plane

reconcile_seconds = 10
"""Where ticks are waited for. Elsewhere they are as seldom as may be: each is a process that loads everything."""


@pytest.fixture(scope="package")
def asked() -> Iterator[Installation]:
    """The installation of `plane`. Its control plane was started by three commands at once."""
    with installation() as made:
        made.start_at_once(3)
        yield made


@pytest.fixture
def plane(asked: Installation, monkeypatch: pytest.MonkeyPatch) -> Plane:
    """The control plane of all tests that only ask one. Stacks of other tests are there, too."""
    asked.enter(monkeypatch)
    return Plane(asked.home, control_plane.ensure().api_url)


@pytest.fixture
def here(plane: Plane) -> ControlPlane:
    """Where it answers."""
    return control_plane.ensure()


@pytest.fixture(scope="package")
def breakable() -> Iterator[Installation]:
    """The installation of `fragile` and `ticking`."""
    with installation() as made:
        yield made


@pytest.fixture
def fragile(breakable: Installation, monkeypatch: pytest.MonkeyPatch) -> Plane:
    """A control plane that a test may kill, stop or rob; it is whole again before the next one."""
    breakable.enter(monkeypatch)
    return Plane(breakable.home, control_plane.ensure().api_url)


@pytest.fixture
def ticking(breakable: Installation, monkeypatch: pytest.MonkeyPatch) -> Plane:
    """The same one, started anew with a timer that is due all the time."""
    breakable.enter(monkeypatch)
    monkeypatch.setenv("TENFOLD_RECONCILE_SECONDS", str(reconcile_seconds))
    return Plane(breakable.home, control_plane.ensure().api_url)


@pytest.fixture
def memory(plane: Plane) -> MemoryProvider:
    """The pretended target of the control plane that is asked."""
    return MemoryProvider(plane.home / "memory")
