"""The docker target passes the contract."""

from collections.abc import Callable

import pytest

from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tasks.providers.seam.provider import KindProvider
from tests.tasks.providers.contract import resources
from tests.tasks.providers.contract.jobs import JobContract, RunningJobContract
from tests.tasks.providers.contract.provider import ProviderContract
from tests.tasks.providers.contract.slots import SlotsContract

pytestmark = pytest.mark.docker


class TestDocker(ProviderContract, SlotsContract, JobContract, RunningJobContract):
    @pytest.fixture(autouse=True)
    def _image(self, images: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(resources, "image", images["tenfold-tiny:1"])

    @pytest.fixture
    def reopen(self, target: Docker) -> Callable[[], KindProvider]:
        return lambda: DockerProvider(target)
