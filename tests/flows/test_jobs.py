"""Jobs on the memory target: begun, overlapping, failing, too late, torn down, and beside a change of their stack."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prefect.client.schemas.objects import State

import flows.job
from flows.job import job
from flows.provision import provision
from flows.reconcile import reconcile
from flows.teardown import teardown
from infra_specs.resources.address import SCHEDULED, Address
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tests.flows.faults import Faulty, target
from tests.flows.going import done, failed, go
from tests.flows.shop import addresses, observed, runs, shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
__all__ = ["target"]  # a fixture

COMMAND = "python clean.py"
JOB = {"service": "web", "command": COMMAND, "at": "04:30", "timeout": 1}
SPEC = {**shop(needs=False), "jobs": {"nightly": JOB}}


@pytest.fixture
async def provisioned(target: Faulty) -> None:
    await done(provision, spec=SPEC, source="/srv")


@pytest.fixture
def health(target: Faulty, provisioned: None, monkeypatch: pytest.MonkeyPatch) -> list[Health]:
    """What becomes of the next jobs; once it is empty they end well at once."""
    create, left = target.create, list[Health]()

    def begin(resource: Resource) -> Instance:
        made = create(resource)
        if resource.kind == "job" and left:
            target.set_health(resource.stack, resource.address, left.pop(0))
        return made

    monkeypatch.setattr(target, "create", begin)
    return left


@pytest.fixture
def on_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows.job, "is_asked_for", lambda: False)


AT_WORK = Health("starting", "runs", 0.0)


def jobs(home: Path) -> list[Instance]:
    return [instance for instance in observed(home) if instance.kind == "job"]


async def begun(home: Path) -> "asyncio.Task[State[Any]]":
    task = asyncio.create_task(go(job, stack="shop", name="nightly"))
    while not jobs(home):
        await asyncio.sleep(0.05)
        assert not task.done(), task.result().message
    return task


@pytest.fixture
def claimed(provisioned: None) -> Iterator[None]:
    """Another run of the job is at work."""
    with Ledger.open(settings()) as ledger:
        address = str(Address("job", SCHEDULED, "nightly"))
        lease = ledger.claims.acquire("shop", address, Owner.here("job"), 3600)
        yield
        ledger.locks.release(lease)


@pytest.mark.usefixtures("health")
async def test_it_runs_as_a_replica_does_and_nothing_is_left(home: Path) -> None:
    before = addresses(home)
    assert await done(job, stack="shop", name="nightly") == f"{COMMAND}: exited with 0"
    assert addresses(home) == before
    assert runs()[0].verb == "job"


async def test_a_failure_is_a_failed_run(home: Path, health: list[Health]) -> None:
    health.append(Health("failed", "exited with 3", 0.0, code=3))
    message = await failed(job, stack="shop", name="nightly")
    assert message.startswith(f"{COMMAND}: exited with 3 (as web of shop).")
    assert jobs(home) == []


async def test_one_that_takes_too_long_is_ended_and_has_failed(home: Path, health: list[Health]) -> None:
    health.append(AT_WORK)
    message = await failed(job, stack="shop", name="nightly")
    assert message.startswith(f"{COMMAND}: took more than 1s and was ended (as web of shop).")
    assert jobs(home) == []


@pytest.mark.usefixtures("claimed", "on_schedule")
async def test_while_one_is_at_work_the_next_is_left_out(home: Path) -> None:
    assert await done(job, stack="shop", name="nightly") == "nightly is still at work, so it was not begun again"
    assert jobs(home) == []


@pytest.mark.usefixtures("claimed")
async def test_who_asks_for_one_that_is_at_work_is_told_so(home: Path) -> None:
    assert "shop/job/scheduled-nightly is at work by job" in await failed(job, stack="shop", name="nightly")
    assert jobs(home) == []


async def test_one_whose_run_was_killed_does_not_hold_up_the_next(health: list[Health], home: Path) -> None:
    with Ledger.open(settings()) as ledger:
        gone = replace(Owner.here("job"), started="0")
        ledger.claims.acquire("shop", str(Address("job", SCHEDULED, "nightly")), gone, 600)
    await done(job, stack="shop", name="nightly")


async def test_a_teardown_ends_it_and_leaves_nothing(home: Path, health: list[Health]) -> None:
    await done(provision, spec={**SPEC, "jobs": {"nightly": {**JOB, "timeout": 3600}}}, source="/srv")
    health.append(AT_WORK)
    task = await begun(home)
    await done(teardown, stack="shop", wait=True)
    state = await task
    assert state.type.value == "FAILED"
    assert str(state.message).startswith(f"{COMMAND}: it is gone")
    assert addresses(home) == []


async def test_a_reconcile_leaves_it_alone(target: Faulty, home: Path, health: list[Health]) -> None:
    await done(provision, spec={**SPEC, "jobs": {"nightly": {**JOB, "timeout": 3600}}}, source="/srv")
    health.append(AT_WORK)
    task = await begun(home)
    await done(reconcile, stack="shop")
    (running,) = jobs(home)
    target.set_health("shop", running.address, Health("healthy", "exited with 0", 0.0, code=0))
    assert (await task).type.value == "COMPLETED"


async def test_a_change_of_the_stack_is_waited_for(home: Path, health: list[Health]) -> None:
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("deploy"), 3600)
        task = asyncio.create_task(go(job, stack="shop", name="nightly"))
        address = str(Address("job", SCHEDULED, "nightly"))
        while not ledger.claims.is_held("shop", address):
            await asyncio.sleep(0.05)
            assert not task.done(), task.result().message
        assert jobs(home) == []
        ledger.locks.release(lease)
    assert (await task).type.value == "COMPLETED"


@pytest.mark.usefixtures("provisioned")
async def test_an_unknown_job_is_refused_with_those_there_are() -> None:
    assert await failed(job, stack="shop", name="hourly") == "shop has no job `hourly`. It has: nightly."


@pytest.mark.usefixtures("provisioned")
async def test_a_stack_that_is_torn_down_is_told_so() -> None:
    await done(teardown, stack="shop")
    assert await failed(job, stack="shop", name="nightly") == (
        "shop is torn down. Bring it back first: tenfold provision shop"
    )
