"""HTTPS by itself on a Docker Engine: Pebble signs, the proxy in its container answers, and no inspect shows a key."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from flows.provision import provision
from flows.reconcile import reconcile
from flows.teardown import teardown
from tests.flows.fetching import BLOG, SHOP, aged, known, leading_here
from tests.flows.going import done
from tests.flows.on_docker import observed, stack
from tests.flows.test_https_by_itself import fetch, pebble, plain
from tests.support.pebble import Pebble, free_port, program
from tests.support.steady_load import steady_load
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone

pytestmark = [
    pytest.mark.docker,
    pytest.mark.prefect,
    pytest.mark.usefixtures("prefect_server", "home"),
    pytest.mark.proof,
    pytest.mark.skipif(program("pebble") is None, reason="no Pebble: scripts/pebble fetches it"),
]
__all__ = ["pebble"]


def spec(images: dict[str, str], pebble: Pebble, public_port: int, *hosts: str) -> dict[str, Any]:
    unversioned = {name.rpartition(":")[0]: tag for name, tag in images.items()}
    web = {"image": images["tenfold-tiny:1"], "port": 8000, "health": "/healthz", "public": True}
    return {
        "name": stack,
        "target": {"provider": "docker", "images": unversioned, "public_port": public_port},
        "services": {host.partition(".")[0]: {**web, "route": {"host": host}} for host in hosts},
        "tls": {"email": "ops@example.com", "directory": pebble.directory, "redirect": pebble.http_port},
    }


async def test_from_a_provision_to_https_one_more_host_and_a_renewal_under_load(
    engine: DockerClient, images: dict[str, str], pebble: Pebble, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    record_property: Any,
) -> None:  # fmt: skip
    public = free_port()
    with alone(engine), leading_here(monkeypatch, pebble.http_port):
        began = time.monotonic()
        first = spec(images, pebble, public, SHOP)
        message = await done(provision, spec=first, source=str(tmp_path))
        assert f"Certificate for {SHOP} until" in message
        wait_until(lambda: fetch(public, SHOP, pebble.issuer) == 200, "the first page by HTTPS")
        record_property("seconds to the first page", time.monotonic() - began)
        print("seconds to the first page:", time.monotonic() - began)
        assert plain(pebble.http_port, SHOP) == (308, f"https://{SHOP}:{public}/")

        both = spec(images, pebble, public, SHOP, BLOG)
        assert f"Certificate for {BLOG} until" in await done(provision, spec=both, source=str(tmp_path))
        assert fetch(public, BLOG, pebble.issuer) == fetch(public, SHOP, pebble.issuer) == 200
        assert pebble.orders() == sum(state.orders for state in known(stack).values()) == 2
        (door,) = [instance for instance in observed(both) if instance.kind == "proxy"]
        assert door.incarnation == 1

        with steady_load(public, SHOP, pebble.issuer, per_second=200, sockets=0) as met:
            aged(stack, SHOP)
            await done(reconcile, stack=stack)
            goal = met.answered + 100
            wait_until(lambda: met.answered > goal, "more requests")
        record_property("requests", met.answered)
        print("requests:", met.answered, "failed:", met.failed)
        assert met.failed == []
        assert known(stack)[SHOP].version == 2

        held = [each.attrs for each in (*engine.containers.list(all=True), *engine.volumes.list())]
        assert "PRIVATE KEY" not in json.dumps(held)
        await done(teardown, stack=stack, delete_data=True)
