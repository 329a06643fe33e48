"""Three hosts in one Swarm, joined once for all tests of this folder, and a provider of theirs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tasks.providers.swarm import SwarmProvider
from tests.support.hosts.bench import HostBench
from tests.support.hosts.joined import joined, load_images
from tests.tasks.providers.swarm.swarm_world import clear, opened

LOADED = ("tenfold-tiny", "envoyproxy/envoy", "postgres", "valkey/valkey")
"""Images that the first host has. The others get from there what they need."""


@pytest.fixture(scope="package")
def home(engine: DockerClient, all_hosts: HostBench, images: dict[str, str]) -> Iterator[Path]:
    """The home that knows the keys of the hosts, which are members of one Swarm for the length of the package."""
    with joined(all_hosts) as home:
        load_images(engine, all_hosts, home, [tag for name, tag in images.items() if name.rpartition(":")[0] in LOADED])
        yield home


@pytest.fixture
def provider(all_hosts: HostBench, home: Path) -> Iterator[SwarmProvider]:
    clear(all_hosts, home)
    provider = opened(all_hosts, home)
    yield provider
    provider.close()
    for host in all_hosts.hosts:
        all_hosts.power_on(host)  # a test that failed may have left one off
    clear(all_hosts, home)
