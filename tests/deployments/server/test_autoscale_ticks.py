"""Which of the runs that are due is done, and in what kind of process."""

import multiprocessing
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

import deployments.server.autoscale_ticks
from deployments.server.autoscale_ticks import run_due_tick

began = datetime(2026, 11, 22, tzinfo=UTC)


def run(seconds: float, *, by_hand: bool = False) -> Any:
    return SimpleNamespace(
        id=uuid4(), auto_scheduled=not by_hand, expected_start_time=began + timedelta(seconds=seconds)
    )


class Client:
    def __init__(self, *due: Any) -> None:
        self.due = due

    async def get_scheduled_flow_runs_for_deployments(self, _: list[UUID], scheduled_before: datetime) -> list[Any]:
        return list(self.due)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    monkeypatch.setattr(deployments.server.autoscale_ticks, "_in_a_process", names.append)
    return names


async def test_nothing_is_due(done: list[str]) -> None:
    assert not await run_due_tick(Client(), uuid4())  # type: ignore[arg-type]
    assert done == []


async def test_of_those_that_piled_up_the_newest_is_done(done: list[str]) -> None:
    old, new, middle = run(0), run(30), run(15)
    assert await run_due_tick(Client(old, new, middle), uuid4())  # type: ignore[arg-type]
    assert done == [str(new.id)]


async def test_a_persons_own_goes_first(done: list[str]) -> None:
    theirs = run(-600, by_hand=True)
    await run_due_tick(Client(run(0), theirs, run(15)), uuid4())  # type: ignore[arg-type]
    assert done == [str(theirs.id)]


@pytest.mark.local
def test_one_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(deployments.server.autoscale_ticks, "_forked", multiprocessing.get_context("fork"))
    monkeypatch.setattr(deployments.server.autoscale_ticks, "_run", hang)
    monkeypatch.setattr(deployments.server.autoscale_ticks, "LONGEST_SECONDS", 0.2)
    deployments.server.autoscale_ticks._in_a_process("a run")
    assert "takes more than 0 s and is ended" in caplog.text
    assert multiprocessing.active_children() == []


def hang(_: str) -> None:
    time.sleep(600)
