"""The control plane for real, killed piece by piece: what was under way is shown crashed, and the next run works."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect.client.orchestration import PrefectClient

from deployments.server.control_plane import status, stop
from deployments.server.login import require_login
from deployments.server.reap_runs import reap
from tasks.base.settings import settings
from tasks.ledger import Lease, Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tasks.supervisor.client import Supervisor
from tests.deployments.conftest import reconcile_seconds
from tests.deployments.plane import Plane, process_of
from tests.flows.shop import shop
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import processes_naming

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]
late_seconds = 2 * reconcile_seconds + 2
"""Seconds after which nobody waits for a tick any more, and a little."""


@pytest.fixture
def held(fragile: Plane) -> Iterator[Callable[[str], Lease]]:
    """Holds a stack's lock, so that a run that waits for it stays under way."""
    with Ledger.open(settings()) as ledger:
        holds: list[Lease] = []

        def lease(stack: str) -> Lease:
            holds.append(ledger.acquire(stack, Owner.here("test"), 3600))
            return holds[-1]

        yield lease
        for each in holds:
            ledger.release(each)


def test_the_schedule_makes_runs_that_complete(fragile: Plane) -> None:
    wait_until(lambda: len(fragile.ticks(state={"type": {"any_": ["COMPLETED"]}})) >= 2, "two ticks have completed")


@pytest.mark.parametrize("killed", ["server", "runner", "supervisor"])
def test_after_a_kill_the_next_run_works(fragile: Plane, killed: str) -> None:
    pid = Supervisor.start(fragile.home / "control").pid() if killed == "supervisor" else fragile.pid(killed)
    os.kill(pid, signal.SIGKILL)
    name = f"after-{killed}"
    assert fragile.run("provision", spec=shop(name), source="/srv")["type"] == "COMPLETED"
    assert len(MemoryProvider(fragile.home / "memory").observe(name)) == 7
    wait_until(lambda: (seen := status()) is not None and seen.ready, "all is well again")


def test_a_run_ends_with_its_runner_and_is_shown_crashed(fragile: Plane, held: Callable[[str], Lease]) -> None:
    held("left")
    run = fragile.submit("provision", spec=shop("left"), source="/srv", wait=True)
    pid = process_of(run)
    os.kill(fragile.pid("runner"), signal.SIGKILL)
    assert fragile.ended(run)["type"] == "CRASHED"
    assert not Path(f"/proc/{pid}").exists()


def test_a_killed_run_is_shown_crashed(fragile: Plane, held: Callable[[str], Lease]) -> None:
    held("killed")
    run = fragile.submit("provision", spec=shop("killed"), source="/srv", wait=True)
    os.kill(process_of(run), signal.SIGKILL)
    assert fragile.ended(run)["type"] == "CRASHED"


@pytest.mark.parametrize("too", ["runner", "server", "both"])
def test_a_run_killed_with_what_watches_it_is_shown_crashed(
    fragile: Plane, held: Callable[[str], Lease], too: str
) -> None:
    held(f"killed-{too}")
    run = fragile.submit("provision", spec=shop(f"killed-{too}"), source="/srv", wait=True)
    victims = [process_of(run), *(fragile.pid(name) for name in ("runner", "server") if too in (name, "both"))]
    for pid in victims:
        os.kill(pid, signal.SIGSTOP)  # so that none of them sees another end
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    assert fragile.ended(run)["type"] == "CRASHED"


async def test_ticks_that_nobody_ran_in_time_are_swept(fragile: Plane) -> None:
    runner = fragile.pid("runner")
    os.kill(runner, signal.SIGSTOP)
    try:
        wait_until(lambda: overdue(fragile, late_seconds), "a tick is late")
        late = {run["id"] for run in overdue(fragile, late_seconds)}
        async with PrefectClient(api=fragile.url, auth_string=require_login(fragile.home).text) as client:
            names = await reap(client, settings(), {})
        assert len(names) >= len(late)
        swept = {run["id"]: run["state"] for run in fragile.ticks() if run["id"] in late}
        assert {(state["type"], state["message"]) for state in swept.values()} == {
            ("CANCELLED", "Its time had passed.")
        }
    finally:
        os.kill(runner, signal.SIGCONT)


def test_stopped_it_leaves_no_process_and_stacks_stay(fragile: Plane) -> None:
    assert fragile.run("provision", spec=shop("stays"), source="/srv")["type"] == "COMPLETED"
    stop()
    stop()
    assert status() is None
    assert processes_naming(str(fragile.home)) == []
    assert MemoryProvider(fragile.home / "memory").observe("stays")


def overdue(plane: Plane, seconds: float) -> list[dict[str, Any]]:
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - seconds))
    return plane.ticks(state={"type": {"any_": ["SCHEDULED"]}}, expected_start_time={"before_": before})
