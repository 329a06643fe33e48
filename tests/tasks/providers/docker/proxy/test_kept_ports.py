"""A proxy that takes another's place has its ports, if they are free: the address that people have stays."""

import json
import socket
from contextlib import closing
from dataclasses import replace

import pytest
from docker import DockerClient

from tasks.providers.docker import DockerProvider
from tasks.providers.docker.labels import PART_LABEL, PORTS_LABEL
from tasks.providers.docker.proxy.kept_ports import FIRST_PORT, LAST_PORT, chosen_ports, ports_in
from tasks.providers.docker.proxy.ports import ProxyPorts
from tests.tasks.providers.docker.docker_world import get, left, made, proxy, stack

ANY = 0
"""Of a row below: a port of our choice."""


@pytest.mark.pure
@pytest.mark.parametrize(
    ("settings", "kept", "ports"),
    [
        ({}, None, (ANY, None, None)),
        ({}, ProxyPorts(25_000), (25_000, None, None)),
        ({"port": 8000}, ProxyPorts(25_000), (8000, None, None)),
        ({"public": True}, None, (ANY, ANY, None)),
        ({"public": True}, ProxyPorts(25_000), (25_000, ANY, None)),
        ({"public": True}, ProxyPorts(25_000, 25_001), (25_000, 25_001, None)),
        ({"public": True, "public_port": 443}, ProxyPorts(25_000, 25_001), (25_000, 443, None)),
        ({"public": True, "redirect": 80}, ProxyPorts(25_000, 25_001, 81), (25_000, 25_001, 80)),
        ({"public": True}, ProxyPorts(25_000, 25_001, 80), (25_000, 25_001, None)),
        ({}, ProxyPorts(25_000, 25_001, 80), (25_000, None, None)),
    ],
)
def test_the_ports_of_a_new_proxy(
    settings: dict[str, int | bool], kept: ProxyPorts | None, ports: tuple[int | None, ...]
) -> None:
    chosen = chosen_ports({"port": None, "public": False, "public_port": None, **settings}, kept)
    for port, expected in zip((chosen.port, chosen.public, chosen.redirect), ports, strict=True):
        if expected == ANY and expected is not None:
            assert port is not None
            assert FIRST_PORT <= port <= LAST_PORT
        else:
            assert port == expected


@pytest.mark.pure
@pytest.mark.parametrize(
    "text", ["", "x", "1", "[1]", "[null, 1, 2]", '["a", null, null]', "[70000, null, null]", "{}"]
)
def test_a_label_that_is_none_of_ours_tells_no_ports(text: str) -> None:
    assert ports_in(text) is None


@pytest.mark.docker
@pytest.mark.proof
def test_it_keeps_its_port_unless_another_program_has_it(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    first = made(provider, proxy(images))
    port = first.outputs["port"]
    changed = replace(proxy(images), settings={**proxy(images).settings, "edition": 99})
    provider.destroy(first)
    second = made(provider, changed)
    assert second.outputs["port"] == port
    assert get(port)[0] == 404, "it serves there"
    engine.containers.get("tenfold.shop.proxy.main.1").remove(force=True, v=True)
    third = made(provider, proxy(images))
    assert third.outputs["port"] == port, "nobody asked for its end"
    provider.destroy(third)
    with closing(socket.create_server(("127.0.0.1", int(port)))):
        moved = made(provider, proxy(images)).outputs["port"]
        assert moved != port
    (kept,) = [volume for volume in engine.volumes.list() if PORTS_LABEL in (volume.attrs["Labels"] or {})]
    assert json.loads(kept.attrs["Labels"][PORTS_LABEL]) == [int(moved), None, None]
    assert kept.attrs["Labels"][PART_LABEL] == "proxy"
    for instance in provider.observe(stack):
        provider.destroy(instance)
    provider.sweep(stack)
    assert left(engine) == []
