"""What keeps a host well by itself is set up where it is missing."""

from pathlib import Path

import pytest

from tasks.providers.hosts.read_facts import read_one
from tasks.providers.hosts.upkeep import set_upkeep, upkeep_packages
from tests.infra_specs.fleet.hosts import facts
from tests.support.hosts.bench import HostBench


@pytest.mark.pure
@pytest.mark.parametrize(
    ("told", "packages"),
    [
        ({}, ("unattended-upgrades", "systemd-timesyncd")),
        ({"upgrades": True}, ("systemd-timesyncd",)),
        ({"time": True}, ("unattended-upgrades",)),
        ({"upgrades": True, "time": True}, ()),
    ],
)
def test_the_packages_of_what_a_host_lacks(told: dict[str, bool], packages: tuple[str, ...]) -> None:
    assert upkeep_packages(facts(**told)) == packages


@pytest.mark.docker
@pytest.mark.proof
def test_a_host_gets_its_security_updates_by_itself(bench: HostBench, tmp_path: Path) -> None:
    with bench.connections(tmp_path) as connections:
        connection = connections.to(bench.hosts[0])
        connection.run("rm -f /usr/bin/unattended-upgrade /etc/apt/apt.conf.d/20auto-upgrades")
        before = read_one(connection).facts
        assert (before.has_upgrades, before.has_time) == (False, True), "a container has its machine's clock"
        set_upkeep(connection, before)
        after = read_one(connection).facts
        assert (after.has_upgrades, after.has_time) == (True, True)
        set_upkeep(connection, after)
