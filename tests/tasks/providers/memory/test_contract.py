"""The memory target passes the contract, however its model makes it behave, and its world outlives its process."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra_specs.stackfile.models.target import Memory
from tasks.providers.memory import MemoryProvider
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.contract.counted import CountedContract
from tests.tasks.providers.contract.jobs import JobContract
from tests.tasks.providers.contract.measures import MeasuresContract
from tests.tasks.providers.contract.provider import ProviderContract
from tests.tasks.providers.contract.resources import gone, service, stack, volume, worker
from tests.tasks.providers.contract.slots import SlotsContract


class OnMemory:
    target = Memory(provider="memory")
    measured_use = False

    @pytest.fixture
    def provider(self, tmp_path: Path) -> KindProvider:
        return MemoryProvider(tmp_path, self.target)

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Callable[[], KindProvider]:
        return lambda: MemoryProvider(tmp_path, self.target)


class TestMemory(OnMemory, ProviderContract, SlotsContract, JobContract):
    pass


class TestLateMemory(OnMemory, ProviderContract, SlotsContract, JobContract):
    target = Memory(provider="memory", late_outputs=3, late_endings=2)


class TestCountedMemory(OnMemory, CountedContract, ProviderContract, JobContract):
    pass


class TestMeasuringMemory(OnMemory, MeasuresContract):
    target = Memory(provider="memory", period=60)

    @pytest.fixture
    def loaded(self, provider: KindProvider, tmp_path: Path) -> str:
        """As a person writes it by hand, long ago."""
        (tmp_path / "load").mkdir()
        load = {"web": {"requests_per_second": 50, "latency": 0.2, "since": 1e9}}
        (tmp_path / "load" / f"{stack}.json").write_text(json.dumps(load))
        return stack


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    provider = MemoryProvider(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda slot: provider.create(worker(slot)), range(40)))
    assert len(provider.observe(stack)) == 40


def test_one_address_at_once_is_made_once(tmp_path: Path) -> None:
    providers = [MemoryProvider(tmp_path) for _ in range(4)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: providers[number % 4].create(worker()), range(16)))
    assert len(providers[0].observe(stack)) == 1


def test_outputs_come_after_so_many_looks(tmp_path: Path) -> None:
    provider = MemoryProvider(tmp_path, Memory(provider="memory", late_outputs=3))
    made = provider.create(volume())
    looks = [provider.look(made) for _ in range(5)]
    assert [bool(seen and seen.outputs) for seen in looks] == [False, False, False, True, True]
    assert provider.observe(stack)[0].outputs == {"path": "/memory/contract.volume.database"}


def test_what_is_ending_is_listed_until_it_is_gone(tmp_path: Path) -> None:
    provider = MemoryProvider(tmp_path, Memory(provider="memory", late_endings=2))
    made = provider.create(worker())
    left = provider.destroy(made)
    assert left is not None
    assert left.ending
    assert [instance.health.state for instance in provider.observe(stack)] == ["ending"]
    gone(provider, made)
    assert provider.observe(stack) == ()


def test_a_successor_of_what_is_ending_is_another(tmp_path: Path) -> None:
    provider = MemoryProvider(tmp_path, Memory(provider="memory", late_endings=2))
    provider.destroy(provider.create(worker()))
    assert provider.create(worker()).incarnation == 2


def test_an_update_that_is_taken_back_tells_what_runs(tmp_path: Path) -> None:
    provider = MemoryProvider(tmp_path)
    made = provider.create(service(2))
    provider.set_undo(stack, "service/jobs", "tasks failed to start")
    assert provider.update(made, service(5)).fingerprint == service(5).fingerprint
    seen = provider.look(made)
    assert seen is not None
    assert (seen.fingerprint, len(seen.members)) == (service(2).fingerprint, 2)
    assert seen.health.reason == "went back by itself: tasks failed to start"
    provider.update(made, service(5))
    assert len(provider.observe(stack)[0].members) == 5, "the next one stays"


def test_a_world_of_before_is_read(tmp_path: Path) -> None:
    """As version 0.4 wrote it, byte for byte."""
    (tmp_path / "world.json").write_text(json.dumps([_OF_BEFORE]))
    provider = MemoryProvider(tmp_path)
    (seen,) = provider.observe("shop")
    assert seen.stateful
    assert (seen.address, seen.outputs, seen.after) == ("route/web", {"url": "http://shop.route.web.invalid"}, ("a/b",))
    provider.create(worker(stack="shop"))
    assert len(MemoryProvider(tmp_path).observe("shop")) == 2


_OF_BEFORE = {
    "stack": "shop",
    "address": "route/web",
    "kind": "route",
    "fingerprint": "0123456789ab",
    "incarnation": 1,
    "health": {"state": "healthy", "reason": "pretended", "since": 1794823200.0, "code": None},
    "digests": {"host": "0123456789ab"},
    "bindings": {"replica/web-0.endpoint": "shop.replica.web-0-1.invalid:80"},
    "outputs": {"url": "http://shop.route.web.invalid"},
    "after": ["a/b"],
    "durable": True,
    "drain_seconds": 0.0,
}
