"""One journey on each target: a stack is provisioned, released, scaled, healed and torn down, and nothing is left."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.reading.load import from_data
from tasks.base.settings import settings
from tasks.providers import open_provider
from tests.flows import on_docker
from tests.flows.going import done
from tests.flows.shop import shop
from tests.support.homes import running_home
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone
from tests.tasks.providers.local.world import app, get

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server")]
stack = on_docker.stack
one_replica = on_docker.one_replica
two_replicas = sorted([*one_replica, "replica/web-1"])


@dataclass(frozen=True)
class Target:
    """A stack of one replica for it, its second release, and what its page says of each release."""

    spec: dict[str, Any]
    release: dict[str, Any]
    pages: tuple[str, str] | None = None


@pytest.fixture
def on_memory(home: Path) -> Target:
    return Target(shop(stack, replicas={"min": 1, "max": 3}), {"command": "run --new"})


@pytest.fixture
def on_local() -> Iterator[Target]:
    web = {"command": ["python3", "-S", str(app)], "env": {"NAME": "first"}, "replicas": {"min": 1, "max": 3}}
    spec = shop(stack, **web)
    with running_home():
        yield Target({**spec, "target": {"provider": "local"}}, {"env": {"NAME": "second"}}, ("first ", "second "))


@pytest.fixture
def on_an_engine(engine: DockerClient, images: dict[str, str], home: Path) -> Iterator[Target]:
    with alone(engine):
        release = {"image": images["tenfold-tiny:2"]}
        yield Target(on_docker.shop(images), release, ("release 1", "release 2"))


@pytest.fixture
def target(request: pytest.FixtureRequest) -> Target:
    wanted: Target = request.getfixturevalue(request.param)
    return wanted


TARGETS = [
    "on_memory",
    pytest.param("on_local", marks=pytest.mark.local),
    pytest.param("on_an_engine", marks=pytest.mark.docker),
]


@pytest.mark.parametrize("target", TARGETS, indirect=True)
async def test_provisioned_released_scaled_healed_and_torn_down(target: Target) -> None:
    assert await done(provision, spec=target.spec, source="/") == "6 created, 0 unchanged"
    assert "nothing to do" in await done(provision, spec=target.spec, source="/")
    well(target, one_replica, 0)

    assert (await done(deploy, stack=stack, **target.release)).startswith("release 2 serves")
    well(target, one_replica, 1)

    await done(scale, stack=stack, service="web", replicas=2)
    well(target, two_replicas, 1)

    lose(target, "replica/web-1")
    assert (await done(reconcile, stack=stack)).startswith("1 created")
    well(target, two_replicas, 1)

    assert "volume/database" in await done(teardown, stack=stack)
    assert addresses(target) == ["volume/database"]
    await done(provision, stack=stack)
    await done(teardown, stack=stack, delete_data=True)
    assert addresses(target) == []


def well(target: Target, wanted: list[str], release: int) -> None:
    """Exactly this is there, all of it is healthy, and the page is the release's."""
    instances = asked(target, lambda provider: provider.observe(stack))
    assert [(instance.address, instance.health.state) for instance in instances] == [
        (address, "healthy") for address in wanted
    ]
    if target.pages:
        port = next(instance.outputs["port"] for instance in instances if instance.kind == "proxy")
        wait_until(lambda: get(port)[0] == 200, "the page answers")
        assert get(port)[1].startswith(target.pages[release])


def lose(target: Target, address: str) -> None:
    """Somebody removes an instance behind our back."""

    def remove(provider: Any) -> tuple[Instance, ...]:
        lost = [instance for instance in provider.observe(stack) if instance.address == address]
        for instance in lost:
            provider.destroy(instance)
        return tuple(lost)

    assert len(asked(target, remove)) == 1


def addresses(target: Target) -> list[str]:
    return [instance.address for instance in asked(target, lambda provider: provider.observe(stack))]


def asked(target: Target, ask: Callable[[Any], tuple[Instance, ...]]) -> tuple[Instance, ...]:
    with closing(open_provider(from_data(target.spec).target, settings().home)) as provider:
        return ask(provider)
