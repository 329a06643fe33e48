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
spec = {**shop(port=None, replicas={"min": 1, "max": 3}), "needs": {"database": "postgres"}}
bigger = {**spec, "services": {"web": {**spec["services"]["web"], "replicas": {"min": 2, "max": 3}}}}

Step = tuple[Flow[..., Any], dict[str, Any]]
provisioned: Step = (provision, {"spec": spec, "source": "/srv"})
grown: Step = (scale, {"stack": "shop", "service": "web", "replicas": 2, "wait": True})
otherwise: Step = (provision, {"spec": bigger, "source": "/srv", "wait": True})
broken: Step = (deploy, {"stack": "shop", "command": "false"})
gone: Step = (teardown, {"stack": "shop", "wait": True})
gone_for_ever: Step = (teardown, {"stack": "shop", "delete_data": True, "wait": True})

cases: dict[str, tuple[list[Step], Step, str, int, Step]] = {
    # what was before, what is stopped, where, at which time there, and who takes over
    "provision, before it says what is wanted": ([], provisioned, "before ledger.stacks.set_desired", 1, otherwise),
    "provision, before a secret is made": ([], provisioned, "before ledger.secrets.ensure", 1, otherwise),
    "provision, before its run begins": ([], provisioned, "before ledger.runs.begin", 1, otherwise),
    "provision, before its first intent": ([], provisioned, "before ledger.runs.intend", 1, gone),
    "provision, before its first create": ([], provisioned, "before ledger.locks.check", 1, gone_for_ever),
    "provision, before a later create": ([], provisioned, "before ledger.locks.check", 3, gone),
    "provision, after a create": ([], provisioned, "before ledger.runs.outcome", 2, gone),
    "provision, before it finishes": ([], provisioned, "before ledger.runs.finish", 1, grown),
    "scale, before it overrides": ([provisioned], grown, "before ledger.stacks.override", 1, gone),
    "scale, before a create": ([provisioned], grown, "before ledger.locks.check", 1, gone),
    "deploy, before it stops what failed": ([provisioned], broken, "before ledger.locks.check", 2, gone),
    "teardown, before it begins": ([provisioned], gone, "before ledger.stacks.mark_torn_down", 1, otherwise),
    "teardown, before a destroy": ([provisioned], gone, "before ledger.locks.check", 1, otherwise),
    "teardown, before a later destroy": ([provisioned], gone, "before ledger.locks.check", 2, otherwise),
    "teardown, before it deletes data": ([provisioned], gone_for_ever, "before ledger.locks.check", 3, otherwise),
    "teardown, before it forgets": ([provisioned], gone_for_ever, "before ledger.stacks.forget", 1, otherwise),
    "teardown, before it gives the lock back": ([provisioned], gone, "before ledger.locks.release", 1, otherwise),
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


@pytest.mark.parametrize("name", cases)
def test_woken_after_a_takeover_it_does_nothing(
    name: str, home: Path, prefect_server: None, starting: Callable[[Step, str, int], Child]
) -> None:
    before, paused, point, time_there, other = cases[name]
    for step in before:
        assert run(*step).state == "COMPLETED"
    child = starting(paused, point, time_there)
    second = run(*other)
    if second.message.startswith("No stack is called"):  # stopped before the ledger heard of it
        assert other in (gone, gone_for_ever)
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
    child = starting(provisioned, "before ledger.locks.check", 1)
    time.sleep(2.5)
    child.wake()
    woken = child.wait()
    assert woken.state == "FAILED"
    assert "the lease of this provision, 2 s, ran out" in woken.message
    assert whole_world(home) == ""
    assert runs()[0].state == "failed"
    assert run(*provisioned).state == "COMPLETED"
