"""Two stacks share two ports of a Docker Engine, each in its own network, and see their clients' addresses."""

import json
import os
import signal
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from docker import DockerClient

from flows.provision import provision
from flows.reconcile import reconcile
from flows.teardown import teardown
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tests.flows.going import done
from tests.flows.sharing import HOSTS, files, redirected, spec
from tests.flows.test_https_by_itself import fetch
from tests.support.certificates import authority
from tests.support.pebble import free_port
from tests.support.steady_load import steady_load
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone, left

pytestmark = [
    pytest.mark.docker,
    pytest.mark.prefect,
    pytest.mark.usefixtures("prefect_server", "home"),
    pytest.mark.proof,
]
OURS = authority()
FRONT, CONTAINER = "front_docker", "tenfold.front_docker.front.main.1"
NAMES = {"shop": "flows", "blog": "other"}


def asked(port: int, stack: str) -> bool:
    """Whether the stack's app answers by HTTPS."""
    with suppress(httpx.HTTPError):
        return fetch(port, HOSTS[stack], OURS.pem) == 200
    return False


async def test_the_second_stack_comes_and_goes_and_costs_the_first_no_request(
    engine: DockerClient, images: dict[str, str], tmp_path: Path, record_property: Any
) -> None:
    ports, tls = (free_port(), free_port()), files(tmp_path, OURS)
    target = {"provider": "docker", "images": {name.rpartition(":")[0]: tag for name, tag in images.items()}}
    image = images["tenfold-tiny:1"]
    shop, blog = (spec(stack, NAMES[stack], target, ports, tls[stack], image=image) for stack in HOSTS)
    changed = spec("blog", NAMES["blog"], target, ports, tls["blog"], image=image, env={"NAME": "2"})
    with alone(engine), closing(DockerProvider(Docker.model_validate(target))) as provider:
        await done(provision, spec=shop, source=str(tmp_path))
        wait_until(lambda: asked(ports[0], "shop"), "it serves alone")
        assert provider.observe(FRONT) == ()
        await done(provision, spec=blog, source=str(tmp_path))
        for stack, host in HOSTS.items():
            wait_until(lambda: asked(ports[0], stack), f"{stack} serves")  # noqa: B023
            assert redirected(ports[1], host) == (308, f"https://{host}:{ports[0]}/a?b")
        with steady_load(ports[0], HOSTS["shop"], OURS.pem, per_second=100, sockets=0) as met:
            await done(provision, spec=changed, source=str(tmp_path))
            await done(reconcile)
            await done(teardown, stack=NAMES["blog"])
            await done(provision, spec=blog, source=str(tmp_path))
            wait_until(lambda: asked(ports[0], "blog"), "it is back")
            goal = met.answered + 100
            wait_until(lambda: met.answered > goal, "more requests")
        record_property("requests", met.answered)
        print("requests:", met.answered, "failed:", met.failed)
        assert met.failed == []

        os.kill(engine.containers.get(CONTAINER).attrs["State"]["Pid"], signal.SIGKILL)
        wait_until(lambda: asked(ports[0], "shop") and asked(ports[0], "blog"), "the engine started it")
        engine.containers.get(CONTAINER).stop()
        assert provider.restarts is not None
        (down,) = provider.restarts.down(FRONT)
        provider.restarts.restart(down)
        wait_until(lambda: asked(ports[0], "shop") and asked(ports[0], "blog"), "it was started again")
        provider.destroy(down)
        await done(reconcile)
        wait_until(lambda: asked(ports[0], "shop") and asked(ports[0], "blog"), "it was made anew")
        held = [each.attrs for each in (*engine.containers.list(all=True), *engine.volumes.list())]
        assert "PRIVATE KEY" not in json.dumps(held)

        await done(teardown, stack=NAMES["shop"], delete_data=True)
        assert asked(ports[0], "blog")
        await done(teardown, stack=NAMES["blog"], delete_data=True)
        assert left(engine) == []
