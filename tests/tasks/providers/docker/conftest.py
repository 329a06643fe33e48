"""A provider of the docker target, and all of it ended afterwards."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tests.tasks.providers.docker.docker_world import alone


@pytest.fixture
def target(images: dict[str, str]) -> Docker:
    return Docker(provider="docker", images=images)


@pytest.fixture
def provider(engine: DockerClient, target: Docker) -> Iterator[DockerProvider]:
    with alone(engine):
        provider = DockerProvider(target)
        yield provider
        provider.close()
