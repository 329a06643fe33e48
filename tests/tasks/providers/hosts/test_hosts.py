"""Three real hosts, looked at over SSH: their facts, their engines, and one that hangs or is gone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError, TransientError
from infra_specs.fleet.checks import fleet_problems, host_problems
from tasks.providers.hosts.read_facts import HostReading, read_facts
from tasks.ssh import handshake
from tasks.ssh.connections import Connections
from tasks.ssh.engine import open_engine
from tests.support.hosts.bench import HostBench
from tests.support.sshd import listens

pytestmark = [pytest.mark.docker, pytest.mark.proof]


@pytest.fixture
def connections(bench: HostBench, tmp_path: Path) -> Iterator[Connections]:
    with bench.connections(tmp_path) as connections:
        yield connections


def seen(connections: Connections) -> dict[str, HostReading]:
    """The facts of all hosts, which must all be told."""
    readings = read_facts(connections)
    assert [reading for reading in readings.values() if isinstance(reading, ProviderError)] == []
    return {host: reading for host, reading in readings.items() if isinstance(reading, HostReading)}


def test_a_bare_server_with_an_engine_has_nothing_in_its_way(bench: HostBench, connections: Connections) -> None:
    for host, reading in seen(connections).items():
        facts = reading.facts
        assert host_problems(host, facts, reading.clock_error) == ()
        assert (facts.address, facts.port, facts.has_systemd, facts.mtu) == (host, 22, True, 1500)
        assert facts.engine is not None
        assert facts.engine.answers


@pytest.mark.parametrize(("user", "sudo"), [("deploy", "free"), ("guest", "password")])
def test_a_real_sudo(bench: HostBench, tmp_path: Path, user: str, sudo: str) -> None:
    host = bench.hosts[0].model_copy(update={"user": user})
    with bench.connections(tmp_path), Connections([host], bench.key, tmp_path) as connections:
        connection = connections.to(host)
        readings = read_facts(connections)
        reading = readings[host.name]
        assert isinstance(reading, HostReading)
        assert reading.facts.sudo == sudo
        if sudo == "free":
            connection.put("/etc/tenfold-test", b"ours", mode=0o600, root=True)
            assert connection.run("stat -c '%U %a' /etc/tenfold-test; cat /etc/tenfold-test", root=True).text == (
                "root 600\nours"
            )
        else:
            with pytest.raises(ProviderError, match="sudo asks guest for a password"):
                connection.run("true", root=True)


def test_hosts_of_one_swarm_and_of_another(bench: HostBench, connections: Connections) -> None:
    first, second, third = bench.hosts
    engines = {host.name: open_engine(connections.to(host)) for host in bench.hosts}
    engines[first.name].init_swarm(first.address, f"{first.address}:2377")
    token = engines[first.name].inspect_swarm()["JoinTokens"]["Worker"]
    engines[second.name].join_swarm([f"{first.address}:2377"], token, advertise_addr=second.address)
    engines[third.name].init_swarm(third.address, f"{third.address}:2377")
    facts = {host: reading.facts for host, reading in seen(connections).items()}
    swarms = [told.engine.swarm for told in facts.values() if told.engine and told.engine.swarm]
    assert [(swarm.state, swarm.is_manager) for swarm in swarms] == [
        ("active", True),
        ("active", False),
        ("active", True),
    ]
    assert swarms[1].managers == {f"{first.address}:2377"}
    assert host_problems(first.name, facts[first.name], 0) == ()
    assert [problem.host for problem in fleet_problems(facts)] == [third.name]
    for engine in engines.values():
        engine.close()


def test_one_that_hangs_and_one_that_is_gone_hold_up_nobody(
    bench: HostBench, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    well, frozen, gone = bench.hosts
    monkeypatch.setattr(handshake, "BEGIN_SECONDS", 3.0)
    monkeypatch.setattr(handshake, "CONNECT_SECONDS", 3.0)
    bench.kill(gone)
    with bench.frozen(frozen):
        readings = read_facts(connections)
    assert isinstance(readings[well.name], HostReading)
    silent, lost = readings[frozen.name], readings[gone.name]
    assert isinstance(silent, TransientError)
    assert str(silent).startswith(f"{frozen}: a connection is accepted, and no SSH begins within 3 s.")
    assert isinstance(lost, TransientError)
    assert str(lost).startswith(f"{gone}: ")
    assert isinstance(read_facts(connections)[frozen.name], HostReading)


def test_the_engine_is_reached_and_no_port_is_open(bench: HostBench, connections: Connections) -> None:
    host = bench.hosts[0]
    engine = open_engine(connections.to(host))
    assert engine.containers(all=True) == []
    engine.close()
    assert [port for port in (2375, 2376, 2377) if listens(port, host.address)] == []
