"""Whatever happens in one round, the next one comes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from httpx import ConnectError
from prefect.exceptions import ObjectNotFound

import deployments.server.periodic
from deployments.server.periodic import repeat, side_by_side

pytestmark = pytest.mark.pure


@asynccontextmanager
async def client() -> AsyncIterator[Any]:
    yield None


@pytest.mark.parametrize(
    ("fault", "traceback"),
    [
        (ObjectNotFound(Exception("a person deleted the run")), True), (EOFError("the forkserver was killed"), True),
        (ValueError("a bug"), True), (OSError("no more files"), True), (ConnectError("the server is away"), False),
    ],
)  # fmt: skip
async def test_a_round_that_fails_is_logged_and_followed_by_the_next(
    fault: Exception, traceback: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(deployments.server.periodic, "get_client", client)
    faults, again = [fault], asyncio.Event()

    async def job(_: Any) -> None:
        if faults:
            raise faults.pop()
        again.set()

    task = asyncio.create_task(repeat("swept", 0.0, job))
    try:
        await asyncio.wait_for(again.wait(), 30)
    finally:
        task.cancel()
    (told,) = (record for record in caplog.records if record.name == "deployments.server.periodic")
    assert told.getMessage().startswith("Not swept")
    assert (told.exc_info is not None) is traceback


async def test_it_ends_when_it_is_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployments.server.periodic, "get_client", client)
    began = asyncio.Event()

    async def job(_: Any) -> None:
        began.set()

    task = asyncio.create_task(repeat("swept", 600.0, job))
    await asyncio.wait_for(began.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_when_a_job_raises_the_others_have_ended_with_it() -> None:
    ended = asyncio.Event()

    async def goes_on() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.set()

    async def raises() -> None:
        await asyncio.sleep(0)
        raise OSError("no more files")

    with pytest.raises(OSError, match="no more files"):
        await side_by_side([goes_on(), raises()])
    assert ended.is_set()
