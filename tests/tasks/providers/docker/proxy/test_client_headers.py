"""What an app in a container is told of its clients, and that a running proxy takes in whom to trust."""

import re
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from docker import DockerClient

from infra_specs.catalogue.web import CLIENT_SETTINGS
from infra_specs.resources.resource import Resource
from tasks.providers.docker import DockerProvider
from tests.support import app
from tests.support.waiting import wait_until
from tests.tasks.providers.asking import claims, named, over_http1, over_http2
from tests.tasks.providers.docker.docker_world import get, made, proxy, replica, route, stack

pytestmark = [pytest.mark.docker, pytest.mark.proof]
program = Path(app.__file__).read_text().replace('"127.0.0.1"', '"0.0.0.0"')


def trusting(images: dict[str, str], *networks: str) -> Resource:
    """The proxy as the road makes it."""
    plain = proxy(images, public=True)
    settings = {**plain.settings, "trust_proxies": list(networks), "upload_timeout": 3600.0}
    return replace(plain, settings=settings, mutable=CLIENT_SETTINGS, digests={})


def test_an_app_is_told_what_is_true_and_whom_to_trust_can_change(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    door = made(provider, trusting(images))
    command = ["python3", "-S", "-c", program]
    env = {"PORT": "8000"}
    made(provider, route(made(provider, replica(images, image=images["tenfold-sample:1"], command=command, env=env))))
    port = door.outputs["port"]
    wait_until(lambda: get(port)[0] == 200, "it is served")
    gateway = engine.networks.get(f"tenfold.{stack}").attrs["IPAM"]["Config"][0]["Gateway"]
    for ask in (over_http1, over_http2):
        told = ask(port, claims)
        assert not re.search(r"203\.0\.113|evil\.example", str(told))
        headers = named(told)
        assert headers["x-forwarded-port"] == [port], "where clients ask, and not where the container listens"
        assert headers["x-real-ip"] == headers["x-forwarded-for"] == [gateway], "as which the engine shows this machine"
        assert headers["x-forwarded-host"] == ["shop.example.com:8080"]
    door = provider.update(door, trusting(images, f"{ip_address(gateway)}/32"))
    headers = named(over_http1(port, [("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https")]))
    assert (headers["x-real-ip"], headers["x-forwarded-proto"]) == (["203.0.113.7"], ["https"])
    assert headers["x-forwarded-for"] == [f"203.0.113.7,{gateway}"]
    assert (door.incarnation, door.fingerprint) == (1, trusting(images, f"{gateway}/32").fingerprint)
    door = provider.update(door, trusting(images))
    assert "203.0.113" not in str(over_http1(port, claims))
