"""A run that was paused, lost its lock to another and is woken does nothing more."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from prefect import Flow

from flows.deploy import deploy
from flows.provision import provision
from flows.scale import scale
from flows.teardown import teardown
from tests.flows.shop import every_row, runs, shop, whole_world
from tests.support.children import Child, run, start

pytestmark = [pytest.mark.prefect, pytest.mark.proof]

# A chain: volume, database, replica. One change a wave, so that nothing else of the run is under way at a point;
# SQLite would keep a transaction open for as long as its process is stopped.
SPEC = {**shop(port=None, replicas={"min": 1, "max": 3}), "needs": {"database": "postgres"}}
BIGGER = {**SPEC, "services": {"web": {**SPEC["services"]["web"], "replicas": {"min": 2, "max": 3}}}}

Step = tuple[Flow[..., Any], dict[str, Any]]
PROVISIONED: Step = (provision, {"spec": SPEC, "source": "/srv"})
GROWN: Step = (scale, {"stack": "shop", "service": "web", "replicas": 2, "wait": True})
OTHERWISE: Step = (provision, {"spec": BIGGER, "source": "/srv", "wait": True})
BROKEN: Step = (deploy, {"stack": "shop", "command": "false"})
GONE: Step = (teardown, {"stack": "shop", "wait": True})
GONE_FOR_EVER: Step = (teardown, {"stack": "shop", "delete_data": True, "no_backup": True, "wait": True})

CASES: dict[str, tuple[list[Step], Step, str, int, Step]] = {
    # what was before, what is stopped, where, at which time there, and who takes over
    "provision, before it says what is wanted": ([], PROVISIONED, "before ledger.stacks.set_desired", 1, OTHERWISE),
    "provision, before a secret is made": ([], PROVISIONED, "before ledger.secrets.ensure", 1, OTHERWISE),
    "provision, before its run begins": ([], PROVISIONED, "before ledger.runs.begin", 1, OTHERWISE),
    "provision, before its first intent": ([], PROVISIONED, "before ledger.runs.intend", 1, GONE),
    "provision, before its first create": ([], PROVISIONED, "before ledger.locks.check", 1, GONE_FOR_EVER),
    "provision, before a later create": ([], PROVISIONED, "before ledger.locks.check", 3, GONE),
    "provision, after a create": ([], PROVISIONED, "before ledger.runs.outcome", 2, GONE),
    "provision, before it finishes": ([], PROVISIONED, "before ledger.runs.finish", 1, GROWN),
    "scale, before it overrides": ([PROVISIONED], GROWN, "before ledger.stacks.override", 1, GONE),
    "scale, before a create": ([PROVISIONED], GROWN, "before ledger.locks.check", 1, GONE),
    "deploy, before it stops what failed": ([PROVISIONED], BROKEN, "before ledger.locks.check", 2, GONE),
    "teardown, before it begins": ([PROVISIONED], GONE, "before ledger.stacks.mark_torn_down", 1, OTHERWISE),
    "teardown, before a destroy": ([PROVISIONED], GONE, "before ledger.locks.check", 1, OTHERWISE),
    "teardown, before a later destroy": ([PROVISIONED], GONE, "before ledger.locks.check", 2, OTHERWISE),
    "teardown, before it deletes data": ([PROVISIONED], GONE_FOR_EVER, "before ledger.locks.check", 3, OTHERWISE),
    "teardown, before it forgets": ([PROVISIONED], GONE_FOR_EVER, "before ledger.stacks.forget", 1, OTHERWISE),
    "teardown, before it gives the lock back": ([PROVISIONED], GONE, "before ledger.locks.release", 1, OTHERWISE),
}


@pytest.fixture
def starting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Step, str, int], Child]]:
    """Starts runs with a short lease that stop at a point; what is left of them at the end is killed."""
    started: list[Child] = []

    def starter(step: Step, point: str, time_there: int) -> Child:
        with monkeypatch.context() as hasty:
            hasty.setenv("TENFOLD_LEASE_SECONDS", "2")
            child = start(*step, at=time_there, by=signal.SIGSTOP, only=point.__eq__)
        started.append(child)
        child.until_stopped()
        return child

    yield starter
    for child in started:
        child.kill()


@pytest.mark.parametrize("name", CASES)
def test_woken_after_a_takeover_it_does_nothing(
    name: str, home: Path, prefect_server: None, starting: Callable[[Step, str, int], Child]
) -> None:
    before, paused, point, time_there, other = CASES[name]
    for step in before:
        assert run(*step).state == "COMPLETED"
    child = starting(paused, point, time_there)
    second = run(*other)
    if second.message.startswith("No stack is called"):  # stopped before the ledger heard of it
        assert other in (GONE, GONE_FOR_EVER)
    else:
        assert second.state == "COMPLETED", second.message
    world, ledger = whole_world(home), every_row(home)
    child.wake()
    woken = child.wait()
    assert (whole_world(home), every_row(home)) == (world, ledger)
    if point != "before ledger.locks.release":  # by then it has done all that it had to do
        assert woken.state == "FAILED"
        assert "no longer has the lock. It does nothing more." in woken.message
    assert [one.state for one in runs()].count("running") == 0


def test_woken_after_its_lease_it_does_nothing_even_if_nobody_followed(
    home: Path, prefect_server: None, starting: Callable[[Step, str, int], Child]
) -> None:
    child = starting(PROVISIONED, "before ledger.locks.check", 1)
    time.sleep(2.5)
    child.wake()
    woken = child.wait()
    assert woken.state == "FAILED"
    assert "the lease of this provision, 2 s, ran out" in woken.message
    assert whole_world(home) == ""
    assert runs()[0].state == "failed"
    assert run(*PROVISIONED).state == "COMPLETED"
