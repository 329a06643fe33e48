"""`tenfold plan` of a stack on hosts that nothing was done to yet."""

from pathlib import Path

import pytest

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
