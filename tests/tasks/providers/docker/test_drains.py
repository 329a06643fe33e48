"""What is under way when a replica goes, on the docker target."""

import pytest

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.docker import DockerProvider
from tests.tasks.providers.contract.drains import DrainContract, Replicas, source
from tests.tasks.providers.docker.docker_world import made, proxy, replica

pytestmark = [pytest.mark.docker, pytest.mark.proof]


class TestDocker(DrainContract):
    @pytest.fixture
    def door(self, provider: DockerProvider, images: dict[str, str]) -> Instance:
        return made(provider, proxy(images))

    @pytest.fixture
    def replicas(self, images: dict[str, str]) -> Replicas:
        def made(name: str, slot: int) -> Resource:
            code = source.replace("ended.set", "os._exit, 1") if name == "deaf" else source
            env = {"NAME": name, "HOST": "0.0.0.0"}
            command = ["python3", "-S", "-c", code]
            return replica(images, slot, image=images["tenfold-sample:1"], command=command, env=env, health="/")

        return made
