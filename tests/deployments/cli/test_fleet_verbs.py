"""Verbs on a stack whose hosts nothing was done to yet."""

from pathlib import Path

import pytest

from tasks.base.settings import settings
from tasks.ledger import Ledger, Owner
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
def test_a_stack_without_a_public_service_has_no_address(cli: Cli) -> None:
    spec = {"name": "shop", "target": {"provider": "swarm", "hosts": ["10.0.0.11"]},
            "services": {"web": {"image": "shop:1", "port": 80}}}  # fmt: skip
    with Ledger.open(settings()) as ledger:
        lease = ledger.locks.acquire("shop", Owner.here("provision"), 60)
        ledger.stacks.set_desired(lease, "shop", spec, "/srv")
        ledger.locks.release(lease)
    refused = cli("open", "shop")
    assert refused.code != 0
    assert refused.err.startswith("shop answers inside of its own network alone: none of its services is `public`")
