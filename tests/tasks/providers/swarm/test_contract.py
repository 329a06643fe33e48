"""The swarm target passes the contract, on three hosts."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.providers.seam.provider import KindProvider
from tests.support.hosts.bench import HostBench
from tests.tasks.providers.contract import resources
from tests.tasks.providers.contract.jobs import JobContract, RunningJobContract
from tests.tasks.providers.contract.provider import ProviderContract
from tests.tasks.providers.contract.slots import SlotsContract
from tests.tasks.providers.swarm.swarm_world import opened

pytestmark = [pytest.mark.docker, pytest.mark.proof]


class TestSwarm(ProviderContract, SlotsContract, JobContract, RunningJobContract):
    @pytest.fixture(autouse=True)
    def _image(self, images: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resources, "image", images["tenfold-tiny:1"])

    @pytest.fixture
    def reopen(self, all_hosts: HostBench, home: Path) -> Callable[[], KindProvider]:
        return lambda: opened(all_hosts, home)
