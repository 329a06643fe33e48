"""What of a real host is open from outside, and to its peers, once its firewall is set."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from infra_specs.errors import ProviderError
from infra_specs.fleet.firewall import Firewall
from infra_specs.stackfile.models.hosts import Host
from tasks.providers.hosts.firewall import remove_firewall, set_firewall
from tasks.ssh import handshake
from tasks.ssh.connection import Connection
from tasks.ssh.connections import Connections
from tasks.ssh.engine import SshEngine, open_engine
from tests.support.hosts.bench import HostBench
from tests.support.images import local
from tests.support.waiting import wait_until

pytestmark = [pytest.mark.docker, pytest.mark.proof]

SECONDS = 3.0
"""How long a connection may take that comes about; one that is dropped takes as long."""
PROXY, FOREIGN = 8080, 8081


@pytest.fixture
def connections(bench: HostBench, tmp_path: Path) -> Iterator[Connections]:
    with bench.connections(tmp_path) as connections:
        yield connections
        for host in bench.hosts[:2]:
            remove_firewall(host, connections)


@pytest.fixture
def host_engine(
    bench: HostBench, connections: Connections, engine: DockerClient, images: dict[str, str]
) -> Iterator[SshEngine]:
    """The first host's engine, which has two published ports and is a Swarm's manager."""
    over_ssh = open_engine(connections.to(bench.hosts[0]))
    name = local("tenfold-tiny:1")  # the image may have others
    loading: Any = over_ssh
    list(loading.load_image(b"".join(engine.images.get(name).save(named=name))))
    over_ssh.init_swarm(f"{bench.hosts[0].address}:2377")
    for port in (PROXY, FOREIGN):
        settings = over_ssh.create_host_config(port_bindings={8000: port})
        created = over_ssh.create_container(
            local("tenfold-tiny:1"), ports=[8000], host_config=settings, environment={"PORT": "8000"}
        )
        over_ssh.start(created["Id"])
    yield over_ssh
    over_ssh.close()


def open_from_here(host: Host, *ports: int) -> list[int]:
    with ThreadPoolExecutor(len(ports)) as pool:
        opens = list(pool.map(lambda port: _opens(host.address, port), ports))
    return [port for port, is_open in zip(ports, opens, strict=True) if is_open]


def open_from(other: Connection, host: Host, *ports: int) -> list[int]:
    """Those that a host reaches on another."""
    tries = " ".join(
        f"(timeout {SECONDS:.0f} bash -c '</dev/tcp/{host.address}/{port}' 2>/dev/null && echo {port}) &"
        for port in ports
    )
    reached = set(map(int, other.run(f"{tries} wait").text.split()))
    return [port for port in ports if port in reached]


def _opens(address: str, port: int) -> bool:
    try:
        socket.create_connection((address, port), SECONDS).close()
    except OSError:
        return False
    return True


def test_only_ssh_and_the_proxy_are_open_and_a_swarm_to_its_peers(
    bench: HostBench, connections: Connections, host_engine: SshEngine
) -> None:
    first, second, third = bench.hosts
    ports = (22, PROXY, FOREIGN, 2377, 7946)
    wait_until(lambda: open_from_here(first, *ports) == list(ports), "all ports are open without a firewall")
    firewall = Firewall(22, (PROXY,), (second.address,))
    for _ in range(2):
        set_firewall(first, firewall, connections)
        assert open_from_here(first, *ports) == [22, PROXY]
        assert open_from(connections.to(second), first, *ports) == [22, PROXY, 2377, 7946]
        assert open_from(connections.to(third), first, *ports) == [22, PROXY]
    restart = "systemctl restart docker && iptables -S DOCKER-USER | head -n 2 | tail -n 1"
    assert connections.to(first).run(restart).text == "-A DOCKER-USER -j TENFOLD-FORWARD\n"
    assert open_from_here(first, FOREIGN, 7946) == []
    remove_firewall(first, connections)
    left = "iptables-save; ip6tables-save; ls /etc/tenfold; systemctl list-units --all 'tenfold*' --no-legend"
    assert "tenfold" not in connections.to(first).run(left).text.lower()


def test_a_firewall_that_nobody_can_log_in_through_undoes_itself(
    bench: HostBench, connections: Connections, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = bench.hosts[1]
    monkeypatch.setattr(handshake, "CONNECT_SECONDS", 2.0)
    wrong = Firewall(2222)  # nobody listens there
    with pytest.raises(ProviderError) as refused:
        set_firewall(host, wrong, connections, undo_seconds=10)
    assert str(refused.value) == (
        f"{host}: nobody can log in through the new firewall, so it undoes itself after 10 s: {host}: no answer within "
        "2 s. Is the host on, and its firewall open for SSH?"
    )
    connections.close()
    wait_until(lambda: _opens(host.address, 22), "the firewall undid itself")
    assert "TENFOLD" not in connections.to(host).run("iptables-save").text
