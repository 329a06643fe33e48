"""The docker target's databases pass the contract of those that are backed up."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tests.tasks.providers.contract.databases import DatabasesContract, sql
from tests.tasks.providers.docker.docker_world import alone, database, made, volume

pytestmark = [pytest.mark.docker, pytest.mark.proof]


@pytest.fixture(scope="module")
def provider(engine: DockerClient, images: dict[str, str]) -> Iterator[DockerProvider]:
    with alone(engine):
        provider = DockerProvider(Docker(provider="docker", images=images))
        yield provider
        provider.close()


@pytest.fixture(scope="module")
def running(provider: DockerProvider, images: dict[str, str]) -> Instance:
    return made(provider, database(images, made(provider, volume()).outputs["path"]))


@pytest.fixture
def server(provider: DockerProvider, running: Instance) -> Instance:
    """The one server, whose database is empty again."""
    for statement in ("DROP DATABASE app WITH (FORCE)", "CREATE DATABASE app TEMPLATE template0"):
        sql(provider, running, statement, "template1")
    return running


class TestDockerDatabases(DatabasesContract):
    """With the programs of the image, through its socket."""
