"""A reconcile that nobody asked for records in Prefect what it changes, and says which stacks it did not look at."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId
from prefect.client.schemas.objects import State, StateType
from prefect.client.schemas.sorting import TaskRunSort

import flows.reconcile
from flows.provision import provision
from flows.reconcile import reconcile
from infra_specs.errors import TransientError
from infra_specs.resources.instance import Instance
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tasks.providers.memory import MemoryProvider
from tests.flows.going import done, go
from tests.flows.shop import addresses, observed, shop

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]


async def task_names(state: "State[object]") -> list[str]:
    """Of the tasks that Prefect has of a run, once it has those that the run ended with."""
    run = state.state_details.flow_run_id
    assert isinstance(run, UUID)
    async with get_client() as client:
        of_run = FlowRunFilter(id=FlowRunFilterId(any_=[run]))
        runs = await client.read_task_runs(flow_run_filter=of_run, sort=TaskRunSort.NAME_ASC, limit=100)
    return [run.name for run in runs]


async def test_what_finds_nothing_is_no_task_and_what_changes_something_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await done(provision, spec=shop(needs=False), source="/srv")
    monkeypatch.setattr(flows.reconcile, "is_asked_for", lambda: False)
    quiet = await go(reconcile)
    MemoryProvider(home / "memory").destroy(next(copy for copy in observed(home) if copy.address == "replica/web-0"))
    repair = await go(reconcile)
    assert (quiet.type, repair.type) == (StateType.COMPLETED, StateType.COMPLETED), (quiet.message, repair.message)
    assert "replica/web-0" in addresses(home)
    async with asyncio.timeout(60):
        while "observe shop" not in (names := await task_names(repair)):  # Prefect records them a little later
            await asyncio.sleep(0.1)
    assert any("replica/web-0" in name for name in names)
    assert await task_names(quiet) == []


async def test_a_look_that_is_no_task_is_tried_again(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    await done(provision, spec=shop(needs=False), source="/srv")
    observe, failures = MemoryProvider.observe, [TransientError("throttled"), TransientError("throttled")]

    def throttled(self: MemoryProvider, stack: str) -> tuple[Instance, ...]:
        if failures:
            raise failures.pop()
        return observe(self, stack)

    monkeypatch.setattr(MemoryProvider, "observe", throttled)
    monkeypatch.setattr(flows.reconcile, "is_asked_for", lambda: False)
    monkeypatch.setattr("tasks.run.retry.FIRST_DELAY", 0.0)
    assert (await done(reconcile)).startswith("nothing to do")
    assert not failures


async def test_a_stack_that_another_run_is_changing_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("shop", "other"):
        await done(provision, spec=shop(name, needs=False), source="/srv")
    monkeypatch.setattr(flows.reconcile, "is_asked_for", lambda: False)
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("deploy"), 60)
        try:
            alone = await done(reconcile, stack="shop")
            together = await done(reconcile)
        finally:
            ledger.locks.release(lease)
    assert alone == "0 stacks looked at, 0 changes; left to the runs that are changing them: shop"
    assert together.endswith("; left to the runs that are changing them: shop")
    assert together.startswith("nothing to do")
