"""The image of the sample app serves; built here on a base that brings its drivers, for nothing can be pulled."""

from pathlib import Path

import pytest
from docker import DockerClient

from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import DockerProvider
from tasks.providers.seam.builds import BuildRequest
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone, get, made, proxy, replica, route, stack

pytestmark = [pytest.mark.docker, pytest.mark.proof]

APP = Path(__file__).parents[2] / "examples" / "app"


def test_it_is_built_and_serves(engine: DockerClient, images: dict[str, str]) -> None:
    order = BuildRequest(stack, "web", str(APP), "Dockerfile", None, {"BASE": images["tenfold-sample:1"]})
    with alone(engine):
        provider = DockerProvider(Docker(provider="docker", images=images))
        try:
            image = provider.images.build(order, lambda _: None)
            assert engine.images.get(image).attrs["Config"]["User"] == "10001:10001"
            instance = made(provider, replica(images, image=image))
            door = made(provider, proxy(images))
            made(provider, route(instance))
            answer = wait_until(lambda: (response := get(door.outputs["port"]))[0] == 200 and response, "it serves")
            assert "<title>" in answer[1]
            provider.destroy(instance)
        finally:
            provider.images.forget_built(stack)
            provider.close()
