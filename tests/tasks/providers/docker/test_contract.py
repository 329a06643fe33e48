"""The docker target passes the contract."""

from collections.abc import Callable

import pytest

from infra_specs.stackfile.models.target import Docker
from tasks.providers.base import Drains, Provider
from tasks.providers.docker import DockerProvider
from tests.tasks.providers import contract
from tests.tasks.providers.contract import JobContract, ProviderContract

pytestmark = pytest.mark.docker


class TestDocker(ProviderContract, JobContract):
    @pytest.fixture(autouse=True)
    def _image(self, images: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(contract, "image", images["tenfold-tiny:1"])

    @pytest.fixture
    def reopen(self, target: Docker) -> Callable[[], Provider]:
        return lambda: DockerProvider(target)


def test_it_can_drain(provider: DockerProvider) -> None:
    assert isinstance(provider, Drains)
