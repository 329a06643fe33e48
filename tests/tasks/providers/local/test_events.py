"""A stack's supervisor tells what befell its processes, and one that was killed is started again and then heard."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.plan.drift import Told
from tasks.providers.local import LocalProvider
from tasks.supervisor.client import Supervisor
from tasks.supervisor.identity import guardian_of
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import made, pid, replica, stack

pytestmark = [pytest.mark.local, pytest.mark.proof]
WEB = "replica/web-0"


@pytest.fixture
def told(provider: LocalProvider) -> Iterator[list[tuple[str, Told]]]:
    """What was told so far; a test asks for more with `heard`."""
    yield []
    provider.close()


def heard(provider: LocalProvider, told: list[tuple[str, Told]], address: str, what: Told) -> None:
    """Listen until this is told."""
    events = provider.events
    assert events is not None

    def more() -> bool:
        told.extend((event.address, event.told) for event in events.wait([stack, "nobody"], 1.0))
        return (address, what) in told

    wait_until(more, f"{address} {what} is told")


def test_ends_are_told(provider: LocalProvider, home: Path, told: list[tuple[str, Told]]) -> None:
    instance = made(provider, replica())
    assert provider.events is not None
    assert provider.events.wait([stack], 1.0) == (), "it is heard from now on, and nothing has happened"
    os.kill(pid(home, instance), signal.SIGKILL)
    heard(provider, told, WEB, "restarts")
    heard(provider, told, WEB, "well")
    provider.create(replica(1, command=["false"]))
    heard(provider, told, "replica/web-1", "ended")
    provider.destroy(instance)
    heard(provider, told, WEB, "stopped")
    assert (WEB, "ended") not in told


def test_a_supervisor_that_was_killed_is_heard_again(
    provider: LocalProvider, home: Path, told: list[tuple[str, Told]]
) -> None:
    made(provider, replica())
    assert provider.events is not None
    provider.events.wait([stack], 1.0)
    supervisor = Supervisor(home / "stacks" / stack / "supervisor")
    running = supervisor.pid()
    for process in (guardian_of(running), running):
        assert process
        os.kill(process, signal.SIGKILL)
    heard(provider, told, "", "missed")
    provider.create(replica(1, command=["false"]))
    heard(provider, told, "replica/web-1", "ended")
