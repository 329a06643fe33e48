"""On a Docker Engine, with secrets as files: they are nowhere that anybody looks."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from prefect.settings import get_current_settings
from sqlalchemy import make_url

from flows.deploy import deploy
from flows.provision import provision
from tasks.base.settings import settings
from tasks.ledger import Ledger
from tests.flows.going import done
from tests.flows.on_docker import shop, stack
from tests.flows.test_secrets import everything_told, users_own
from tests.tasks.providers.docker.docker_world import alone

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]


@pytest.fixture
def spec(engine: DockerClient, images: dict[str, str], home: Path) -> Iterator[dict[str, Any]]:
    with alone(engine):
        yield shop(images, secrets="files", env={"STRIPE_KEY": {"secret": "stripe"}})


async def test_no_secret_is_told_anywhere(
    spec: dict[str, Any], engine: DockerClient, home: Path, images: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with Ledger.open(settings()) as ledger:
        ledger.secrets.set(stack, "stripe", users_own)
    await done(provision, spec=spec, source="/")
    await done(deploy, stack=stack, image=images["tenfold-tiny:2"])
    with Ledger.open(settings()) as ledger:
        secrets = {name: ledger.secrets.value(stack, f"{name}-password", 1) for name in ("database", "cache")}
        history = repr((ledger.runs.history(stack, 10), ledger.releases.all(stack)))
    secrets["stripe"] = users_own

    replica = next(container for container in engine.containers.list() if ".replica." in str(container.name))
    for name, secret in (("STRIPE_KEY", "stripe"), ("DATABASE_URL", "database"), ("CACHE_URL", "cache")):
        assert secrets[secret].encode() in replica.exec_run(["cat", f"/run/secrets/{name}"]).output
    places = {
        **engine_tells(engine),
        **await everything_told(),
        "history": history.encode(),
        "log": caplog.text.encode(),
        "home": b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and path.name != "key"),
        "prefect's database": prefects_database(),
    }
    assert {name for name, text in places.items() if len(text) < 500} == set(), "there is something to look at"
    leaks = [(location, name) for location, text in places.items() for name, value in secrets.items()
             if value.encode() in text]  # fmt: skip
    assert leaks == []


def engine_tells(engine: DockerClient) -> dict[str, bytes]:
    """What the engine says of everything of the stack, labels included, and all that its containers wrote."""
    ours = {"label": f"tenfold.stack={stack}"}
    containers = engine.containers.list(all=True, filters=ours)
    volumes_and_networks = [*engine.volumes.list(filters=ours), *engine.networks.list(filters=ours)]
    told = json.dumps([item.attrs for item in (*containers, *volumes_and_networks)], ensure_ascii=False)
    processes = [container.top(ps_args="axww -o pid,args") for container in containers if container.status == "running"]
    return {
        "docker inspect": told.encode(),
        "processes": json.dumps(processes).encode(),
        "docker logs": b"".join(container.logs() for container in containers),
    }


def prefects_database() -> bytes:
    url = get_current_settings().server.database.connection_url
    assert url is not None
    path = Path(make_url(url.get_secret_value()).database or "")
    return b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
