"""One worker that is busy behind a real proxy: it lives on, what it began is answered, and nobody meets a reset."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.busy_worker import app
from benchmarks.busy_worker.clients import Outcome, ask_at
from infra_specs.resources.resource import Resource
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import get, made, opened, pid, proxy, replica, route

pytestmark = [pytest.mark.local, pytest.mark.proof]


def worker(slot: int, read: Path, work: float) -> Resource:
    env: dict[str, Any] = {"WORK": str(work), "READ": str(read), "NAME": f"web-{slot}"}
    return replica(slot, command=[sys.executable, app.__file__], env=env)


def test_a_busy_worker_is_waited_for_and_overload_is_said(readable: Path) -> None:
    read = readable / "read"
    with opened() as provider:
        port = made(provider, proxy()).outputs["port"]
        only = made(provider, worker(0, read, 2.0))
        made(provider, route(only))
        before = pid(provider._home, only)
        outcome = asyncio.run(ask_at(f"http://127.0.0.1:{port}", 5.0, 16.0, read))
        assert pid(provider._home, only) == before
    assert outcome.processes == {before}
    assert outcome.read_and_not_answered == frozenset()
    assert outcome.count("answered") >= 4
    assert outcome.count("answered") + outcome.count("overload") == len(outcome.asked), str(outcome)


def test_none_ready_all_but_those_that_leave_get_requests(readable: Path) -> None:
    read = readable / "read"
    with opened() as provider:
        port = made(provider, proxy()).outputs["port"]
        busy, leaving = made(provider, worker(0, read, 20.0)), made(provider, worker(1, read, 20.0))
        web = made(provider, route(busy, leaving))
        provider.update(web, route(busy))

        async def overloaded() -> Outcome:
            asking = asyncio.create_task(ask_at(f"http://127.0.0.1:{port}", 2.0, 12.0, read))
            await asyncio.to_thread(wait_until, lambda: state(provider, busy) == "unready", "the only one is not ready")
            return await asking

        outcome = asyncio.run(overloaded())
        assert outcome.processes == {pid(provider._home, busy)}
        assert outcome.read_and_not_answered == frozenset()
        assert get(port)[0] == 200


def state(provider: Any, instance: Any) -> str:
    return next(str(seen.health.state) for seen in provider.observe(instance.stack) if seen.address == instance.address)


@pytest.fixture
def readable() -> Iterator[Path]:
    """A folder that the accounts of stacks may write to."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)
