"""In the warm process only what is still to begin is run, and the end of every run is told."""

import json
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from prefect import flow
from prefect.client.schemas.objects import FlowRun, State
from prefect.states import Cancelled, Cancelling, Completed, Running, Scheduled

import deployments.server.warm_runs
from deployments.server.warm_runs import BEGUN, ENDED, _run

pytestmark = pytest.mark.pure


class Server:
    """Says which state a run is in."""

    def __init__(self, state: State[Any] | None) -> None:
        self.state = state

    async def read_flow_run(self, run: UUID) -> FlowRun:
        if self.state is None:
            raise OSError("the server is away")
        return FlowRun(id=run, flow_id=uuid4(), state=self.state)


class Writer:
    """Hears what the process says."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def write(self, line: bytes) -> None:
        self.words.append(json.loads(line)[0])


@flow
async def checks() -> None:
    """A flow that is on a schedule."""


@pytest.mark.parametrize(
    ("state", "runs"),
    [(Scheduled(), 1), (Cancelled(), 0), (Cancelling(), 0), (Completed(), 0), (Running(), 0), (None, 0)],
    ids=lambda value: value.name if isinstance(value, State) else "",
)
async def test_a_run_is_run_only_if_it_is_still_to_begin(
    state: State[Any] | None, runs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = list[UUID]()

    async def run_flow(_: object, flow_run: FlowRun, **__: Any) -> None:
        ran.append(flow_run.id)

    monkeypatch.setattr(deployments.server.warm_runs, "run_flow", run_flow)
    run, writer, client = FlowRun(id=uuid4(), flow_id=uuid4(), state=Scheduled()), Writer(), Server(state)
    await _run(cast(Any, client), checks, run, cast(Any, writer))
    assert ran == [run.id] * runs
    assert writer.words == [BEGUN, ENDED]
