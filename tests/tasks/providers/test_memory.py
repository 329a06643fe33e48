"""The memory target passes the contract, and its world outlives the process that made it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tasks.providers.base import Provider
from tasks.providers.memory import MemoryProvider
from tests.tasks.providers.contract import ProviderContract, stack, worker


class TestMemory(ProviderContract):
    @pytest.fixture
    def provider(self, tmp_path: Path) -> Provider:
        return MemoryProvider(tmp_path)

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Callable[[], Provider]:
        return lambda: MemoryProvider(tmp_path)


def test_many_at_once_lose_nothing(tmp_path: Path) -> None:
    provider = MemoryProvider(tmp_path)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda slot: provider.create(worker(slot)), range(40)))
    assert len(provider.observe(stack)) == 40
