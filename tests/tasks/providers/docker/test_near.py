"""Whether this machine is part of a stack's network: known by its interface, and never by an address."""

import ipaddress
import socket
from typing import Any

import pytest
from docker import DockerClient

from tasks.providers.docker import DockerProvider
from tasks.providers.docker.network import Network, Networks
from tests.tasks.providers.docker.docker_world import stack

LOOPBACK = socket.if_indextoname(1)


class Listing:
    """An engine that lists one network."""

    def __init__(self, **fields: Any) -> None:
        self._fields = fields

    def networks(self, filters: object) -> list[dict[str, Any]]:
        pool = {"Subnet": "127.0.0.0/8", "IPRange": "127.128.0.0/9", "Gateway": "127.0.0.1"}
        return [{"Name": "tenfold.shop", "IPAM": {"Config": [pool]}, "Id": 64 * "e", **self._fields}]


def listed(**fields: Any) -> Network:
    network = Networks(Listing(**fields)).find("shop")  # type: ignore[arg-type]
    assert network is not None
    return network


@pytest.mark.pure
def test_a_network_of_another_engine_is_far_though_this_machine_has_its_gateway() -> None:
    network = listed()
    assert network == Network(
        "tenfold.shop", ipaddress.IPv4Network("127.0.0.0/9"), "127.0.0.1", "127.127.255.254", "br-eeeeeeeeeeee"
    )
    assert not network.is_near


@pytest.mark.pure
@pytest.mark.parametrize("options", [None, {}, {"com.docker.network.bridge.name": "br-of-another"}])
def test_an_interface_that_is_not_here_is_far(options: dict[str, str] | None) -> None:
    assert not listed(Options=options).is_near


@pytest.mark.pure
def test_a_network_whose_interface_is_here_is_near() -> None:
    assert listed(Options={"com.docker.network.bridge.name": LOOPBACK}).is_near


@pytest.mark.docker
@pytest.mark.proof
def test_a_network_of_the_engine_on_this_machine_is_near(provider: DockerProvider, engine: DockerClient) -> None:
    assert provider._networks.need(stack).is_near
