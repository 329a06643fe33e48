"""Holding a stack's lock for the length of a run: at once, or after a wait."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.errors import LockHeld
from tasks.base.settings import Settings
from tasks.ledger import Ledger, Owner
from tasks.run.lock import fleet_lock, stack_lock

LEASE_SECONDS = 60.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(Settings(home=tmp_path)) as opened:
        yield opened


def test_it_is_held_within_and_given_back(ledger: Ledger) -> None:
    async def go() -> None:
        async with stack_lock(ledger, "shop", "scale", LEASE_SECONDS, wait=False) as lease:
            ledger.locks.check(lease)
            holder = ledger.locks.holder("shop")
            assert holder is not None
            assert (holder.owner.verb, holder.fence) == ("scale", lease.fence)

    asyncio.run(go())
    assert ledger.locks.holder("shop") is None


def test_it_is_given_back_when_the_run_fails(ledger: Ledger) -> None:
    async def go() -> None:
        async with stack_lock(ledger, "shop", "scale", LEASE_SECONDS, wait=False):
            raise KeyError("a bug")

    with pytest.raises(KeyError):
        asyncio.run(go())
    assert ledger.locks.holder("shop") is None


def test_who_does_not_wait_is_told_at_once(ledger: Ledger) -> None:
    ledger.locks.acquire("shop", Owner.here("provision"), LEASE_SECONDS)

    async def go() -> None:
        async with stack_lock(ledger, "shop", "scale", LEASE_SECONDS, wait=False):
            raise AssertionError("it must not come here")

    with pytest.raises(LockHeld, match=r"shop is being changed by provision .+ since .+ wait for it with --wait"):
        asyncio.run(go())


def test_who_waits_gets_it_when_it_is_given_back(ledger: Ledger) -> None:
    first = ledger.locks.acquire("shop", Owner.here("provision"), LEASE_SECONDS)

    async def wait() -> int:
        async with stack_lock(ledger, "shop", "scale", LEASE_SECONDS, wait=True) as lease:
            return lease.fence

    async def go() -> int:
        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.3)
        assert not waiting.done()
        ledger.locks.release(first)
        return await asyncio.wait_for(waiting, 60)

    assert asyncio.run(go()) == first.fence + 1


def test_who_waits_too_long_is_told_who_it_was(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.run.lock.WAIT_SECONDS", 0.2)
    ledger.locks.acquire("shop", Owner.here("provision"), LEASE_SECONDS)

    async def go() -> None:
        async with stack_lock(ledger, "shop", "scale", LEASE_SECONDS, wait=True):
            raise AssertionError("it must not come here")

    with pytest.raises(LockHeld, match="provision"):
        asyncio.run(go())


def test_another_stack_is_another_lock(ledger: Ledger) -> None:
    ledger.locks.acquire("blog", Owner.here("provision"), LEASE_SECONDS)

    async def go() -> str:
        async with stack_lock(ledger, "shop", "scale", LEASE_SECONDS, wait=False) as lease:
            return lease.stack

    assert asyncio.run(go()) == "shop"


def test_who_waits_for_a_fleet_says_for_whom(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("tasks.run.lock.get_run_logger", lambda: logging.getLogger("run"))
    monkeypatch.setattr("tasks.run.lock.WAIT_SECONDS", 0.2)
    ledger.fleets.acquire("shop", Owner.here("provision"), LEASE_SECONDS)

    async def go() -> None:
        async with fleet_lock(ledger, "shop", "teardown", LEASE_SECONDS, wait=True):
            raise AssertionError("it must not come here")

    with (
        caplog.at_level(logging.INFO),
        pytest.raises(LockHeld, match=r"the fleet shop is being changed by .* wait for its end and try again"),
    ):
        asyncio.run(go())
    assert caplog.messages[0].startswith("Waiting for the fleet shop, which provision ")
