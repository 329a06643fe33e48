"""Who waits for something is told when what that depends on fails."""

import asyncio
from pathlib import Path

import pytest

from infra_specs.errors import TransientError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.changes import overtaken
from tasks.changes.overtaken import Overtaken, unless_overtaken
from tasks.providers.memory import MemoryProvider

pytestmark = pytest.mark.pure


@pytest.fixture
def provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MemoryProvider:
    monkeypatch.setattr(overtaken, "LOOK_SECONDS", 0.01)
    return MemoryProvider(tmp_path)


@pytest.fixture
def replica(provider: MemoryProvider) -> Instance:
    return provider.create(Resource("shop", "replica/web-0", "replica", {"command": ["run"]}))


async def forever() -> str:
    await asyncio.Event().wait()
    return "never"


async def test_a_wait_ends_when_what_it_depends_on_fails(provider: MemoryProvider, replica: Instance) -> None:
    waiting = asyncio.create_task(unless_overtaken(provider, [replica], forever()))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    provider.set_health("shop", "replica/web-0", Health("failed", "5 probes in a row failed", 0.0))
    with pytest.raises(Overtaken, match="replica/web-0 has failed meanwhile"):
        await waiting


async def test_a_wait_that_reaches_its_end_is_returned(provider: MemoryProvider, replica: Instance) -> None:
    async def soon() -> str:
        await asyncio.sleep(0.05)
        return "healthy"

    assert await unless_overtaken(provider, [replica], soon()) == "healthy"


async def test_what_had_failed_before_ends_no_wait(provider: MemoryProvider) -> None:
    failed = provider.create(Resource("shop", "replica/web-0", "replica", {"command": ["false"]}))

    async def soon() -> str:
        await asyncio.sleep(0.1)
        return "healthy"

    assert await unless_overtaken(provider, [failed], soon()) == "healthy"


async def test_a_target_that_does_not_answer_for_a_moment_ends_no_wait(
    provider: MemoryProvider, replica: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, looks = provider.look, list[Instance]()

    def unsteady(instance: Instance) -> Instance | None:
        looks.append(instance)
        if len(looks) == 1:
            raise TransientError("no answer")
        return look(instance)

    monkeypatch.setattr(provider, "look", unsteady)
    waiting = asyncio.create_task(unless_overtaken(provider, [replica], forever()))
    await asyncio.sleep(0.1)
    provider.set_health("shop", "replica/web-0", Health("failed", "exited with 1", 0.0))
    with pytest.raises(Overtaken):
        await waiting
