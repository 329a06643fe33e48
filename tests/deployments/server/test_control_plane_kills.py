"""The control plane for real, killed piece by piece: what was under way is shown crashed, and the next run works."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deployments.server.control_plane import status, stop
from deployments.server.serve import RUNS_AT_ONCE
from tasks.base.settings import settings
from tasks.ledger import Lease, Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tasks.supervisor.client import Supervisor
from tests.deployments.plane import Plane, parent, process_of
from tests.flows.shop import shop
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import processes_naming

pytestmark = [pytest.mark.local, pytest.mark.prefect, pytest.mark.proof]


@pytest.fixture
def held(fragile: Plane) -> Iterator[Callable[[str], Lease]]:
    """Holds a stack's lock, so that a run that waits for it stays under way."""
    with Ledger.open(settings()) as ledger:
        holds: list[Lease] = []

        def lease(stack: str) -> Lease:
            holds.append(ledger.locks.acquire(stack, Owner.here("test"), 3600))
            return holds[-1]

        yield lease
        for hold in holds:
            ledger.locks.release(hold)


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


def test_a_cancelled_run_ends_with_its_process(fragile: Plane, held: Callable[[str], Lease]) -> None:
    held("cancelled")
    run = fragile.submit("provision", spec=shop("cancelled"), source="/srv", wait=True)
    pid = process_of(run)
    fragile.post(f"/flow_runs/{run}/set_state", state={"type": "CANCELLING"})  # as the UI does
    assert fragile.ended(run)["type"] == "CANCELLED"
    assert not Path(f"/proc/{pid}").exists()


def test_sixteen_runs_are_under_way_at_once_and_the_next_one_takes_its_turn(
    fragile: Plane, held: Callable[[str], Lease]
) -> None:
    held("many")
    runs = [fragile.submit("provision", spec=shop("many"), source="/srv", wait=True) for _ in range(RUNS_AT_ONCE + 1)]
    with Ledger.open(settings()) as ledger:

        def under_way() -> set[str]:
            return {run for run, alive in ledger.liveness.alive().items() if alive} & set(runs)

        first = wait_until(lambda: under_way() if len(under_way()) == RUNS_AT_ONCE else None, "sixteen are under way")
        (last,) = set(runs) - first
        for run in first:
            os.kill(process_of(run), signal.SIGKILL)
        wait_until(lambda: last in under_way(), "the seventeenth is under way")
    os.kill(process_of(last), signal.SIGKILL)
    assert {fragile.ended(run)["type"] for run in runs} == {"CRASHED"}


def test_the_process_that_runs_are_forked_from_is_killed(fragile: Plane, held: Callable[[str], Lease]) -> None:
    held("forked")
    run = fragile.submit("provision", spec=shop("forked"), source="/srv", wait=True)
    os.kill(parent(process_of(run)), signal.SIGKILL)
    assert fragile.ended(run)["type"] == "CRASHED"
    assert fragile.run("provision", spec=shop("forked-again"), source="/srv")["type"] == "COMPLETED"


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


def test_stopped_it_leaves_no_process_and_stacks_stay(fragile: Plane) -> None:
    assert fragile.run("provision", spec=shop("stays"), source="/srv")["type"] == "COMPLETED"
    stop()
    stop()
    assert status() is None
    assert processes_naming(str(fragile.home)) == []
    assert MemoryProvider(fragile.home / "memory").observe("stays")
