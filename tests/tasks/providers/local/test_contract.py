"""The local target passes the contract."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.providers.local import LocalProvider
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.contract.jobs import JobContract, RunningJobContract
from tests.tasks.providers.contract.provider import ProviderContract
from tests.tasks.providers.contract.slots import SlotsContract

pytestmark = pytest.mark.local


class TestLocal(ProviderContract, SlotsContract, JobContract, RunningJobContract):
    @pytest.fixture
    def reopen(self, home: Path) -> Callable[[], KindProvider]:
        return lambda: LocalProvider(home)
