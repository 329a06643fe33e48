"""`tenfold status` shows the front of a machine, and who has which host there."""

from collections.abc import Callable

from deployments.cli.installation import Installation
from infra_specs.catalogue.front import front
from infra_specs.resources.instance import Health
from infra_specs.sharing.claims import Claims, HostClaim
from infra_specs.sharing.front import ports_of_front
from infra_specs.stackfile.models.target import Memory
from tasks.ledger import Owner
from tasks.providers.memory import MemoryProvider
from tests.deployments.cli.cli import Cli


def claim(installation: Installation, stack: str) -> None:
    lease = installation.ledger.locks.acquire(stack, Owner.here("provision"), 60)
    host = HostClaim("memory", 443, f"{stack}.example.com", stack, "https")
    installation.ledger.hosts.claim(lease, Claims((host,)))
    installation.ledger.locks.release(lease)


def test_a_front_is_shown_with_its_hosts(
    cli: Cli, provisioned: Callable[[], object], installation: Installation, world: MemoryProvider
) -> None:
    provisioned()
    claim(installation, "shop")
    assert "front_memory" not in cli.text("status")
    assert cli.json("status")["fronts"] == []
    claim(installation, "blog")
    (told,) = cli.json("status")["fronts"]
    hosts = {"blog.example.com": "blog", "shop.example.com": "shop"}
    assert told == {
        "name": "front_memory", "machine": "memory", "state": "missing",
        "ports": [{"port": 443, "protocol": "https", "hosts": hosts}],
    }  # fmt: skip
    (resource,) = front(Memory(provider="memory"), ports_of_front("memory", installation.ledger.hosts.read()))
    made = world.create(resource)
    lines = [line.split() for line in cli.text("status").splitlines()]
    assert ["front_memory", "shares", "ports", "between", "stacks:", "healthy"] in lines
    assert ["443", "blog.example.com", "blog"] in lines
    assert "front_memory" not in cli.text("status", "shop"), "it is no part of one stack"
    world.set_health("front_memory", made.address, Health("failed", "port 443 is served by another program", 0))
    assert "front/main: port 443 is served by another program" in cli.text("status")
