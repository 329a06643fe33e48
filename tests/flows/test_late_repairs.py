"""Repairs that take too long: a run that ends late leaves them to go on, and one that hangs gives its lock back."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

import flows.reconcile
from flows.engine import bound
from flows.engine.bound import bounded
from flows.engine.converge import Report
from flows.engine.looks import Looks
from infra_specs.errors import ChangeFailed

pytestmark = pytest.mark.pure
STACK = "stuck"


class Target:
    """A stack on a target that hangs until it is told to answer. Whoever repairs it holds its lock."""

    def __init__(self) -> None:
        self.answers, self.is_locked, self.is_repaired = asyncio.Event(), False, False

    async def repair(self, _: object, name: str, *, rest: bool) -> Report:
        with self._lock():
            await self.answers.wait()
            self.is_repaired = True
        return Report(name, f"{name} is repaired, with rest: {rest}", (), (), {})

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.is_locked = True
        try:
            yield
        finally:
            self.is_locked = False


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    """The only one, for a run of a schedule without Prefect and without a ledger."""

    @asynccontextmanager
    async def no_ledger() -> AsyncIterator[None]:
        yield

    async def untagged(*_: str) -> None: ...

    hanging = Target()
    monkeypatch.setattr(flows.reconcile, "open_ledger", no_ledger)
    monkeypatch.setattr(flows.reconcile, "get_run_logger", lambda: logging.getLogger(__name__))
    monkeypatch.setattr(flows.reconcile, "tag_run", untagged)
    monkeypatch.setattr(flows.reconcile, "is_asked_for", lambda: False)
    monkeypatch.setattr(flows.reconcile, "_names", lambda *_: {STACK: ""})
    monkeypatch.setattr(flows.reconcile, "_reconcile_one", hanging.repair)
    monkeypatch.setattr(flows.reconcile, "LOOKS", Looks())
    return hanging


async def reconcile() -> Report:
    report: Report = await flows.reconcile.reconcile.fn.__wrapped__()  # type: ignore[attr-defined]
    return report


async def test_a_run_that_takes_longer_than_it_may_cancels_no_repair(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bound, "UNASKED_SECONDS", 1.0)
    monkeypatch.setattr(flows.reconcile, "LOOK_SECONDS", 1.5)
    report = await bounded("reconcile", reconcile(), asked_for=False)
    assert report.summary.endswith(f"looked at on, after 1.5 s: {STACK}")
    assert target.is_locked, "it goes on"
    target.answers.set()
    async with asyncio.timeout(60):
        while target.is_locked:
            await asyncio.sleep(0.01)
    assert target.is_repaired


async def test_the_seconds_of_a_look_count_from_the_begin_of_the_run(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = list[float | None]()

    class Waits(Looks["Report | str | None"]):
        async def at(self, names, look, seconds=None):  # type: ignore[no-untyped-def]
            waited.append(seconds)
            target.answers.set()
            return await Looks.at(self, names, look)

    times = iter([100.0, 103.0])
    monkeypatch.setattr(flows.reconcile, "monotonic", lambda: next(times))
    monkeypatch.setattr(flows.reconcile, "LOOKS", Waits())
    await reconcile()
    assert waited == [flows.reconcile.LOOK_SECONDS - 3.0]


async def test_a_repair_that_hangs_is_given_up_and_its_lock_is_free(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.reconcile, "LONGEST_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(flows.reconcile, "LOOK_SECONDS", 60.0)
    with pytest.raises(ChangeFailed, match=rf"{STACK}: Its repair took more than 0\.05 s and was given up"):
        await reconcile()
    assert not target.is_locked
    assert not target.is_repaired


async def test_what_a_person_asked_for_takes_as_long_as_it_takes(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flows.reconcile, "LONGEST_LOOK_SECONDS", 0.05)
    monkeypatch.setattr(flows.reconcile, "is_asked_for", lambda: True)
    asyncio.get_running_loop().call_later(0.2, target.answers.set)
    assert (await reconcile()).summary == f"{STACK} is repaired, with rest: False"
