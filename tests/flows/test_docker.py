"""The sample app as a whole stack on a Docker Engine, by the flows that a person starts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from prefect import Flow
from prefect.client.schemas.objects import State, StateType

from flows.provision import provision
from flows.scale import scale
from flows.teardown import teardown
from infra_specs.stackfile.models.target import Docker
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tasks.providers.docker import DockerProvider
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone, get, left

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
NAME = "flows"


@pytest.fixture
def spec(engine: DockerClient, images: dict[str, str], home: Path) -> Iterator[dict[str, Any]]:
    """Two replicas of the sample app with everything it leans on, and nothing in the engine before and after."""
    unversioned = {known.rpartition(":")[0]: tag for known, tag in images.items()}
    with alone(engine):
        yield {
            "name": NAME,
            "target": {"provider": "docker", "images": unversioned},
            "services": {
                "web": {"image": images["tenfold-sample:1"], "port": 8000, "replicas": {"min": 2, "max": 6}},
            },
            "needs": {"database": "postgres", "cache": "valkey"},
        }


async def done(flow: Flow[..., Any], **parameters: Any) -> str:
    state: State[Any] = await flow(**parameters, return_state=True)  # type: ignore[misc]
    assert state.type is StateType.COMPLETED, state.message
    return state.message or ""


def visit(port: str) -> dict[str, Any]:
    """What the app says of a visit that it recorded in its database and its cache."""
    status, body = get(port, "/api/visit")
    assert status == 200, body
    data: dict[str, Any] = json.loads(body)
    return data


def door(spec: dict[str, Any]) -> str:
    provider = DockerProvider(Docker.model_validate(spec["target"]))
    try:
        return next(instance.outputs["port"] for instance in provider.observe(NAME) if instance.kind == "proxy")
    finally:
        provider.close()


async def test_from_nothing_to_healthy_and_back(spec: dict[str, Any], engine: DockerClient) -> None:
    assert await done(provision, spec=spec) == "7 created, 0 unchanged"
    port = door(spec)
    assert visit(port)["visits"] == 1
    assert visit(port)["hits"] == 2
    with Ledger.open(settings()) as ledger:
        secrets = [ledger.secrets.value(NAME, secret, 1) for secret in ("database-password", "cache-password")]
    for container in engine.containers.list(filters={"label": f"tenfold.stack={NAME}"}):
        app = ".replica." in container.name
        assert any(secret in json.dumps(container.attrs) for secret in secrets) == app
    assert "nothing to do" in await done(provision, spec=spec)
    await done(scale, stack=NAME, service="web", replicas=4)
    wait_until(lambda: len({visit(port)["replica"] for _ in range(20)}) == 4, "all four answer")
    assert "volume/database" in await done(teardown, stack=NAME)
    assert left(engine) == ["tenfold.flows.volume.database.1"]
    await done(provision, stack=NAME)
    assert visit(door(spec))["visits"] > 2
    await done(teardown, stack=NAME, delete_data=True)
    assert left(engine) == []
