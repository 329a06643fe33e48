"""A command beside a replica's program, on the docker target."""

from collections.abc import Sequence

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tests.tasks.providers.contract.shell import ExecuteContract
from tests.tasks.providers.docker.docker_world import made, replica, volume

pytestmark = [pytest.mark.docker, pytest.mark.proof]


class TestDocker(ExecuteContract):
    @pytest.fixture
    def one(self, provider: DockerProvider, images: dict[str, str]) -> Instance:
        return made(provider, replica(images, image=images["tenfold-sample:1"], env={"MODE": "fast"}))

    @pytest.fixture
    def opens(self, target: Docker) -> str:
        return (
            "from infra_specs.stackfile.models.target import Docker\n"
            "from tasks.providers.docker import DockerProvider\n"
            f"provider = DockerProvider(Docker.model_validate_json({target.model_dump_json()!r}))"
        )

    @pytest.fixture
    def sizes(self) -> Sequence[str]:
        return ["python3", "-c", "'import os; print(*os.get_terminal_size()[::-1])'"]


def test_nothing_runs_in_a_volume(provider: DockerProvider) -> None:
    with pytest.raises(ProviderError, match="volume/database of stack shop is no container that runs"):
        provider.shell.execute(made(provider, volume()), ["date"], terminal=False)
