"""A service's own volume: what is written there outlives every replica, and the stack, until its data is deleted."""

from collections.abc import Iterator
from typing import Any

import pytest
from docker import DockerClient
from prefect import Flow
from prefect.client.schemas.objects import State, StateType

from flows.provision import provision
from flows.teardown import teardown
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.reading.load import from_data
from tasks.base.settings import settings
from tasks.providers import open_provider
from tests.support.homes import temporary_home
from tests.support.images import local
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone, left
from tests.tasks.providers.local.world import get

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
NAME = "flows"
# Each start leaves a line in its volume, and the folder is what it serves.
PROGRAM = 'echo "started $STYLE" >>"$DATA_DIR/starts"; exec python3 -m http.server "$PORT" -d "$DATA_DIR" --bind '


def spec(target: dict[str, Any], address: str, **service: Any) -> dict[str, Any]:
    web = {"command": ["sh", "-c", PROGRAM + address], "port": 8000, "health": "/starts", "volumes": {"data": "/data"}}
    return {"name": NAME, "target": target, "services": {"web": {**web, **service}}}


@pytest.fixture
def in_processes() -> Iterator[dict[str, Any]]:
    with temporary_home():
        yield spec({"provider": "local"}, "127.0.0.1")


@pytest.fixture
def in_containers(engine: DockerClient, images: dict[str, str]) -> Iterator[dict[str, Any]]:
    unversioned = {known.rpartition(":")[0]: tag for known, tag in images.items()}
    with temporary_home(), alone(engine):
        yield spec({"provider": "docker", "images": unversioned}, "0.0.0.0", image=local("base"))
        assert left(engine) == []


@pytest.mark.parametrize(
    "fixture",
    [pytest.param("in_processes", marks=pytest.mark.local), pytest.param("in_containers", marks=pytest.mark.docker)],
)
async def test_data_outlives_replicas_and_the_stack(fixture: str, request: pytest.FixtureRequest) -> None:
    wanted = request.getfixturevalue(fixture)
    await done(provision, spec=wanted, source="/")
    assert await starts(wanted) == ["started"]
    wanted["services"]["web"]["env"] = {"STYLE": "anew"}
    await done(provision, spec=wanted, source="/")
    assert await starts(wanted) == ["started", "started anew"]
    assert "volume/web.data (data, kept)" in await done(teardown, stack=NAME)
    assert [instance.address for instance in there(wanted)] == ["volume/web.data"]
    await done(provision, stack=NAME)
    assert await starts(wanted) == ["started", "started anew", "started anew"]
    await done(teardown, stack=NAME, delete_data=True)
    assert there(wanted) == ()


async def done(flow: Flow[..., Any], **parameters: Any) -> str:
    state: State[Any] = await flow(**parameters, return_state=True)  # type: ignore[misc]
    assert state.type is StateType.COMPLETED, state.message
    return state.message or ""


async def starts(wanted: dict[str, Any]) -> list[str]:
    """What its replicas have written, asked of the one that serves now, through the proxy."""
    port = next(instance.outputs["port"] for instance in there(wanted) if instance.kind == "proxy")
    wait_until(lambda: get(port, "/starts")[0] == 200, "it serves")
    return [line.strip() for line in get(port, "/starts")[1].splitlines()]


def there(wanted: dict[str, Any]) -> tuple[Instance, ...]:
    provider = open_provider(from_data(wanted).target, settings().home)
    try:
        return provider.observe(NAME)
    finally:
        provider.close()
