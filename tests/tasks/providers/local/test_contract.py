"""The local target passes the contract."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.providers.base import Drains, Provider
from tasks.providers.local import LocalProvider
from tests.tasks.providers.contract import JobContract, ProviderContract

pytestmark = pytest.mark.local


class TestLocal(ProviderContract, JobContract):
    @pytest.fixture
    def reopen(self, home: Path) -> Callable[[], Provider]:
        return lambda: LocalProvider(home)


def test_it_can_drain(provider: LocalProvider) -> None:
    assert isinstance(provider, Drains)
