"""A fleet on three real hosts: brought up, left alone, killed on the way, shrunk, recovered, ended."""

import time
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from random import Random

import pytest

from infra_specs.errors import TransientError
from infra_specs.stackfile.models.hosts import FleetHosts, Host
from tasks.providers.hosts.provider import HostsProvider
from tests.support.hosts.bench import HostBench
from tests.support.hosts.pretended import bring
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.proof]
UPDATED = """
printf '#!/bin/sh\\n' >/usr/bin/unattended-upgrade && chmod 755 /usr/bin/unattended-upgrade
echo 'APT::Periodic::Unattended-Upgrade "1";' >/etc/apt/apt.conf.d/20auto-upgrades
"""


@pytest.fixture
def home(bench: HostBench, tmp_path: Path) -> Path:
    """Where the hosts are trusted. Security updates are pretended on them: their packages take a minute."""
    with bench.connections(tmp_path) as connections:
        for host in bench.hosts:
            connections.to(host).run(UPDATED)
    return tmp_path


def fleet(bench: HostBench, *hosts: Host, leaving: tuple[Host, ...] = ()) -> FleetHosts:
    return FleetHosts("shop", hosts, bench.key, leaving)


def roles(fleet: FleetHosts, home: Path) -> dict[str, str | None]:
    provider = HostsProvider(fleet, home)
    try:
        return {member.host: member.role for member in provider.survey().members}
    finally:
        provider.close()


def test_a_fleet_from_its_beginning_to_its_end(bench: HostBench, home: Path) -> None:
    first, second, third = bench.hosts
    listed = fleet(bench, first, second, third)
    began = time.monotonic()
    made = bring(listed, home, (80,))
    print(f"made in {time.monotonic() - began:.1f} s: {len(made)} changes")
    assert roles(listed, home) == dict.fromkeys(map(str, bench.hosts), "manager")
    began = time.monotonic()
    assert bring(listed, home, (80,)) == []
    print(f"nothing to do: {time.monotonic() - began:.2f} s")

    left = bring(fleet(bench, first, second, leaving=(third,)), home, (80,))
    assert left[-3:] == [f"- member/{third} (not wanted)", f"- firewall/{third} (not wanted)",
                         f"- host/{third} (not wanted)"]  # fmt: skip
    two = fleet(bench, first, second)
    assert bring(two, home, (80,)) == [f"~ firewall/{host} (peers changed)" for host in (first, second)]
    assert bring(two, home, (80,)) == []

    bring(fleet(bench, leaving=(first, second)), home)
    with bench.connections(home) as connections:
        for host in bench.hosts:
            rest = connections.to(host).run(
                "ls /etc/tenfold 2>&1; iptables -S INPUT; docker info -f '{{.Swarm.NodeID}}'"
            )
            assert "TENFOLD" not in rest.text
            assert "No such file" in rest.text


def test_killed_on_the_way_it_ends_the_same(bench: HostBench, home: Path) -> None:
    listed = fleet(bench, *bench.hosts)
    seconds = Random(7)
    for _ in range(3):
        run = get_context("spawn").Process(target=bring, args=(listed, home))
        run.start()
        run.join(seconds.uniform(2.5, 6.0))  # its imports take the first second
        run.kill()
        run.join()
    bring(listed, home)
    bring(listed, home)
    assert bring(listed, home) == []
    assert roles(listed, home) == dict.fromkeys(map(str, bench.hosts), "manager")
    assert len(nodes(bench, home)) == len(bench.hosts)


def test_of_the_host_that_is_left_a_new_swarm_is_begun_and_the_others_come_back(bench: HostBench, home: Path) -> None:
    first, second, third = bench.hosts
    listed = fleet(bench, first, second, third)
    bring(listed, home)
    bench.kill(first)
    bench.kill(second)
    provider = HostsProvider(listed, home)
    try:
        assert provider.recover() == str(third)
    finally:
        provider.close()
    assert bring(listed, home) == []
    assert roles(listed, home) == {str(first): None, str(second): None, str(third): "manager"}
    for host in (first, second):  # these two have a quorum of the old Swarm
        bench.power_on(host)
    wait_until(lambda: _is_whole(listed, home), "all hosts are managers again", seconds=180)
    assert len(nodes(bench, home)) == len(bench.hosts)


def _is_whole(listed: FleetHosts, home: Path) -> bool:
    with suppress(TransientError):  # engines that start, and managers that choose a leader
        bring(listed, home)
        return set(roles(listed, home).values()) == {"manager"}
    return False


def nodes(bench: HostBench, home: Path) -> list[str]:
    with bench.connections(home) as connections:
        told = connections.to(bench.hosts[2]).run("docker node ls --format '{{.Status}} {{.ManagerStatus}}'").text
    return told.splitlines()
