"""The scale runs that checks ask for, and what doing them comes to."""

from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled

from flows.scale import scale
from tasks.autoscaling.scale_runs import CHANGING_FLOWS
from tests.flows.going import done
from tests.flows.shop import addresses
from tests.flows.users import served


@pytest.fixture
async def no_runs() -> None:
    """Runs of other tests that keep a check off their stack are over."""
    await served()
    async with get_client() as client:
        for run in await runs_of(*CHANGING_FLOWS):
            if run.state and not run.state.is_final():
                await client.set_flow_run_state(run.id, Cancelled(), force=True)


async def scale_runs() -> list[FlowRun]:
    return await runs_of("scale")


async def runs_of(*flows: str) -> list[FlowRun]:
    async with get_client() as client:
        named = FlowFilter(name=FlowFilterName(any_=list(flows)))
        return await client.read_flow_runs(flow_filter=named, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=200)


async def asked_for() -> list[dict[str, Any]]:
    """The parameters of the scale runs that are to begin."""
    return [run.parameters for run in await scale_runs() if run.state and run.state.is_scheduled()]


async def carry_out() -> str:
    """Do what the one scale run that was asked for would do."""
    (parameters,) = await asked_for()
    message = await done(scale, **parameters)
    async with get_client() as client:
        for run in await scale_runs():
            if run.state and run.state.is_scheduled():
                await client.set_flow_run_state(run.id, Cancelled(), force=True)
    return message


def replicas(home: Any, stack: str = "shop") -> int:
    return sum(address.startswith("replica/") for address in addresses(home, stack))
