"""A change starts as soon as what it depends on is done, and nothing starts after a failure."""

import asyncio
import logging
from typing import Any

import pytest

import flows.engine.apply_plan
from flows.engine.apply_plan import Applied, apply_plan
from infra_specs.errors import ChangeFailed, Fenced
from infra_specs.plan.make_plan import make_plan
from infra_specs.plan.plan import Change
from tasks.changes.apply import Outcome
from tests.infra_specs.plan.world import instance, resource

pytestmark = pytest.mark.pure

WANTED = [
    resource("volume/data", {}),
    resource("proxy/main", {}),
    resource("database/main", {"settings": {"at": "@volume/data.path"}}),
    resource("replica/web-0", {"settings": {"url": "@database/main.port"}}),
    resource("route/web", {"settings": {"to": "@replica/web-0.endpoint"}, "after": ["proxy/main"]}),
]


class World:
    """Says which changes began, in order; each goes on when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began: list[str] = []
        self._ends: dict[str, asyncio.Future[None]] = {}
        monkeypatch.setattr(flows.engine.apply_plan, "apply", self._apply)
        monkeypatch.setattr(flows.engine.apply_plan, "get_run_logger", lambda: logging.getLogger("test"))

    async def _apply(self, change: Change) -> Outcome:
        self.began.append(change.address)
        await self._ends.setdefault(change.address, asyncio.get_running_loop().create_future())
        return Outcome(str(change), 0.0)

    async def end(self, address: str, error: Exception | None = None) -> None:
        end = self._ends[address]
        if error is None:
            end.set_result(None)
        else:
            end.set_exception(error)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    return World(monkeypatch)


def doing(desired: Any, observed: Any = (), *, goes_on: bool = False) -> "asyncio.Task[Applied]":
    return asyncio.create_task(apply_plan(make_plan("shop", desired, observed), goes_on=goes_on))


async def test_only_what_it_depends_on_is_waited_for(world: World) -> None:
    task = doing(WANTED)
    await world.settle()
    assert world.began == ["proxy/main", "volume/data"]
    await world.end("volume/data")
    assert world.began[2:] == ["database/main"], "it does not wait for the proxy"
    await world.end("database/main")
    assert world.began[3:] == ["replica/web-0"]
    await world.end("replica/web-0")
    assert world.began[4:] == [], "the route needs the proxy too"
    await world.end("proxy/main")
    assert world.began[4:] == ["route/web"]
    await world.end("route/web")
    assert [line.split()[1] for line in (await task).done] == [
        "volume/data", "database/main", "replica/web-0", "proxy/main", "route/web",
    ]  # fmt: skip


async def test_after_a_failure_nothing_starts_and_what_is_under_way_ends(world: World) -> None:
    task = doing(WANTED)
    await world.settle()
    await world.end("proxy/main", ChangeFailed("no port is free"))
    await world.end("volume/data")
    with pytest.raises(ChangeFailed, match="no port is free"):
        await task
    assert world.began == ["proxy/main", "volume/data"]


async def test_several_failures_are_told_together(world: World) -> None:
    task = doing(WANTED)
    await world.settle()
    await world.end("proxy/main", ChangeFailed("no port is free"))
    await world.end("volume/data", ChangeFailed("the disk is full"))
    with pytest.raises(ChangeFailed, match="no port is free\n\nthe disk is full"):
        await task


async def test_in_a_repair_only_what_needs_the_failed_one_does_not_start(world: World) -> None:
    old = instance(resource("replica/web-1", {}), {})
    task = doing(WANTED, [old], goes_on=True)
    await world.settle()
    await world.end("proxy/main", ChangeFailed("no port is free"))
    await world.end("volume/data")
    await world.end("database/main")
    await world.end("replica/web-0")
    applied = await task
    assert world.began == ["proxy/main", "volume/data", "database/main", "replica/web-0"], "no route, and no end"
    assert {address: str(error) for address, error in applied.failed.items()} == {"proxy/main": "no port is free"}
    assert [line.split()[1] for line in applied.done] == ["volume/data", "database/main", "replica/web-0"]


async def test_in_a_repair_a_lost_lock_ends_it_all(world: World) -> None:
    task = doing(WANTED, goes_on=True)
    await world.settle()
    await world.end("proxy/main", Fenced("taken over"))
    await world.end("volume/data")
    with pytest.raises(Fenced):
        await task
    assert world.began == ["proxy/main", "volume/data"]


async def test_a_lost_lock_is_raised_as_it_is(world: World) -> None:
    task = doing(WANTED)
    await world.settle()
    await world.end("volume/data", ChangeFailed("the disk is full"))
    await world.end("proxy/main", Fenced("taken over"))
    with pytest.raises(Fenced):
        await task


async def test_nothing_is_destroyed_before_everything_else_is_done(world: World) -> None:
    old = instance(resource("replica/web-1", {}), {})
    task = doing(WANTED[:2], [old])
    await world.settle()
    await world.end("volume/data")
    assert "replica/web-1" not in world.began
    await world.end("proxy/main")
    assert world.began[-1] == "replica/web-1"
    await world.end("replica/web-1")
    await task
