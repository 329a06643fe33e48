"""The swarm target's databases pass the contract of those that are backed up, on whichever host the server runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.swarm import SwarmProvider
from tests.support.hosts.bench import HostBench
from tests.tasks.providers.contract.databases import DatabasesContract, sql
from tests.tasks.providers.docker.docker_world import database, made, volume
from tests.tasks.providers.swarm.swarm_world import clear, opened

pytestmark = [pytest.mark.docker, pytest.mark.proof]


@pytest.fixture(scope="module")
def provider(all_hosts: HostBench, home: Path) -> Iterator[SwarmProvider]:
    clear(all_hosts, home)
    provider = opened(all_hosts, home)
    yield provider
    provider.close()
    clear(all_hosts, home)


@pytest.fixture(scope="module")
def running(provider: SwarmProvider, images: dict[str, str]) -> Instance:
    return made(provider, database(images, made(provider, volume()).outputs["path"]))


@pytest.fixture
def server(provider: SwarmProvider, running: Instance) -> Instance:
    """The one server, whose database is empty again."""
    for statement in ("DROP DATABASE app WITH (FORCE)", "CREATE DATABASE app TEMPLATE template0"):
        sql(provider, running, statement, "template1")
    return running


class TestSwarmDatabases(DatabasesContract):
    """With the programs of the image, over the SSH connection of the server's host."""
