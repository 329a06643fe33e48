"""An engine is installed on a bare host, and one that is there is left alone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.hosts.engine_install import install_engine
from tasks.providers.hosts.read_facts import read_one
from tasks.ssh.connection import Connection
from tests.support.hosts.bench import HostBench

pytestmark = [pytest.mark.docker, pytest.mark.proof]

PURGE = """
systemctl stop docker.service docker.socket
DEBIAN_FRONTEND=noninteractive apt-get -qq purge -y docker.io >/dev/null 2>&1
rm -rf /etc/docker
"""
NO_PACKAGES = "mv /etc/apt /etc/apt.away; mkdir -p /etc/apt/apt.conf.d; rm -rf /var/lib/apt/lists/*"
PACKAGES = "rm -rf /etc/apt; mv /etc/apt.away /etc/apt"


@pytest.fixture
def host(bench: HostBench, tmp_path: Path) -> Iterator[Connection]:
    with bench.connections(tmp_path) as connections:
        yield connections.to(bench.hosts[2])


def test_an_engine_is_installed_where_there_is_none(host: Connection) -> None:
    assert not install_engine(host)  # it is there
    host.run(PURGE, timeout=300)
    assert read_one(host).facts.engine is None
    host.run(NO_PACKAGES)
    with pytest.raises(ProviderError) as refused:
        install_engine(host)
    host.run(PACKAGES)
    assert str(refused.value) == (
        f"{host.host}: its engine cannot be installed (apt-get install docker.io): E: Package 'docker.io' has no "
        "installation candidate"
    )
    assert install_engine(host)
    engine = read_one(host).facts.engine
    assert engine is not None
    assert engine.answers
    settings = json.loads(host.run("cat /etc/docker/daemon.json").text)
    assert settings["log-opts"] == {"max-size": "10m", "max-file": "3"}
    assert host.run("systemctl is-enabled docker.service").text == "enabled\n"


def test_an_engine_that_is_there_keeps_its_settings_and_is_started(host: Connection) -> None:
    host.run("mkdir -p /etc/docker; echo '{}' >/etc/docker/daemon.json; systemctl stop docker.service docker.socket")
    assert not install_engine(host)
    facts = read_one(host).facts
    assert facts.engine is not None
    assert facts.engine.answers
    assert host.run("cat /etc/docker/daemon.json").text == "{}\n"
