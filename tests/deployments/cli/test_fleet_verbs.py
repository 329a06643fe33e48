"""Verbs on a stack whose hosts nothing was done to yet."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments.cli.terminal import forward
from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
from tasks.providers.swarm import SwarmProvider
from tests.deployments.cli.cli import Cli
from tests.support.hosts.pretended import World, pretend

SPEC = """\
name: shop
target: {provider: swarm, hosts: [10.0.0.11, 10.0.0.12]}
services:
  web: {image: "shop:1", port: 80, replicas: 2}
"""


@pytest.mark.usefixtures("home")
def test_on_bare_hosts_the_hosts_and_the_stack_are_planned(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.of("10.0.0.11", "10.0.0.12")
    pretend(monkeypatch, world)
    Path("shop.yaml").write_text(SPEC)
    output = cli.text("plan", "shop.yaml")
    assert "the hosts are no Swarm yet, so of the stack everything is shown as new" in " ".join(output.split())
    assert "engine/10.0.0.12" in output
    assert "replica/web-1" in output
    assert world.effects == []


@pytest.mark.usefixtures("home")
def test_a_stack_without_a_public_service_is_reached_through_its_hosts(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, World.of("10.0.0.11"))
    spec = {"name": "shop", "target": {"provider": "swarm", "hosts": ["10.0.0.11"]},
            "services": {"web": {"image": "shop:1", "port": 80}}}  # fmt: skip
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("provision"), 60)
        ledger.stacks.set_desired(lease, "shop", spec, "/srv")
        ledger.locks.release(lease)
    refused = cli("open", "shop", "api")
    assert (refused.code, refused.err) == (2, "shop has no service `api` with a port. It has: web.\n")
    assert cli("open", "shop").code != 0, "no host is up"

    class Way:
        def connect(self, stack: str) -> socket.socket:
            ours, theirs = socket.socketpair()
            theirs.close()
            return ours

    def served(server: socket.socket, connect: Callable[[], socket.socket], _: object) -> None:
        print("served at", server.getsockname()[0])
        connect().close()
        raise KeyboardInterrupt

    monkeypatch.setattr(SwarmProvider, "__init__", lambda provider, *_: setattr(provider, "way", Way()))
    monkeypatch.setattr(SwarmProvider, "close", lambda _: None)
    monkeypatch.setattr(forward, "carry_on", served)
    lines = cli.text("open", "shop").splitlines()
    assert lines[0].startswith("http://127.0.0.1:")
    assert lines[1] == "served at 127.0.0.1"
