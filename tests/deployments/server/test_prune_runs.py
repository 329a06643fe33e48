"""Ticks without consequences are forgotten; the others stay."""

from collections.abc import Iterator
from typing import Any

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled

import deployments.server.prune_runs
import flows.engine.frame
from deployments.server.prune_runs import KEPT_SECONDS, prune
from flows.autoscale import autoscale
from flows.provision import provision
from flows.reconcile import reconcile
from infra_specs.errors import LedgerError
from tasks.run.tags import NOTABLE
from tests.flows.conftest import home
from tests.flows.faults import Faulty, sick, target
from tests.flows.going import done, failed
from tests.flows.shop import shop
from tests.support.prefect_server import running

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
__all__ = ["home", "target"]  # fixtures


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with running(tmp_path_factory.mktemp("authority")):
        yield


async def messages() -> list[str]:
    """What every run that is there says, the oldest first."""
    return [str(run.state.message) for run in await existing_runs() if run.state]


async def notable() -> list[str]:
    """The same of the runs that `tenfold server open` shows."""
    return [str(run.state.message) for run in await existing_runs() if run.state and NOTABLE in run.tags]


async def existing_runs() -> list[FlowRun]:
    async with get_client() as client:
        named = FlowFilter(name=FlowFilterName(any_=["autoscale", "reconcile", "provision"]))
        runs: list[FlowRun] = []
        while more := await client.read_flow_runs(
            flow_filter=named, sort=FlowRunSort.START_TIME_ASC, limit=200, offset=len(runs)
        ):
            runs += more
    return runs


async def trimmed(seconds: float = 0.0) -> int:
    async with get_client() as client:
        return await prune(client, seconds)


@pytest.fixture
async def nothing_before(prefect_server: None) -> None:
    """The runs of other tests are not ours to count."""
    async with get_client() as client:
        for run in await client.read_flow_runs(sort=FlowRunSort.START_TIME_ASC, limit=200):
            await client.delete_flow_run(run.id)


@pytest.mark.usefixtures("nothing_before")
async def test_what_did_nothing_goes_and_the_rest_stays(target: Faulty, monkeypatch: pytest.MonkeyPatch) -> None:
    provisioned = await done(provision, spec=shop(), source="/srv")
    by_hand = await done(reconcile)
    monkeypatch.setattr(flows.engine.frame, "is_asked_for", lambda: False)
    await done(reconcile)
    await done(autoscale)
    target.set_health("shop", "replica/web-0", sick("was killed"))
    repaired = await done(reconcile)
    with monkeypatch.context() as broken:
        broken.setattr("flows.autoscale.check", refuse)
        wrong = await failed(autoscale)
    assert await trimmed(seconds=KEPT_SECONDS) == 0
    monkeypatch.setattr(deployments.server.prune_runs, "PAGE_SIZE", 2)  # whatever the number of runs that stay
    assert await trimmed() == 2
    assert await messages() == [provisioned, by_hand, repaired, wrong]
    assert await notable() == [provisioned, by_hand, repaired, wrong]
    assert await trimmed() == 0


@pytest.mark.usefixtures("nothing_before")
async def test_ticks_that_were_called_off_go_too(target: Faulty) -> None:
    async with get_client() as client:
        await client.create_flow_run(autoscale, state=Cancelled(message="Its time had passed."))
    assert await trimmed() == 1
    assert await messages() == []


def refuse(*_: Any, **__: Any) -> None:
    raise LedgerError("The ledger cannot be used.")
