"""Commands beside an image's entrypoint: what the engine is told, and what runs then."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from docker import DockerClient

from infra_specs.resources.resource import Resource
from tasks.providers.docker import DockerProvider
from tasks.providers.docker.kinds.replica import program
from tests.support.images import local
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import stack

TINY = local("tenfold-tiny:1")
TELLS = ("sh", "-c", 'echo "given: $0"')


@pytest.mark.pure
@pytest.mark.parametrize(
    ("entrypoint", "command", "told"),
    [
        (None, [], (None, None)),
        (None, ["serve", "now"], (None, ("serve", "now"))),
        ([], ["serve"], (("serve",), None)),
        ([], ["serve", "now"], (("serve",), ("now",))),
        (["sh", "/wrap"], ["serve"], (("sh", "/wrap"), ("serve",))),
        (["sh", "/wrap"], [], (("sh", "/wrap"), None)),
    ],
)
def test_what_the_engine_is_told(entrypoint: list[str] | None, command: list[str], told: Any) -> None:
    settings: dict[str, Any] = {"image": "app", "env": {}, "command": command}
    container = program(settings if entrypoint is None else {**settings, "entrypoint": entrypoint})
    assert (container.entrypoint, container.command) == told


@pytest.fixture
def image(engine: DockerClient) -> Iterator[str]:
    """An image whose entrypoint tells what it was given."""
    made = engine.containers.create(TINY, ["none"])
    try:
        image = made.commit("tenfold-test/entry", "1", changes=[f"ENTRYPOINT {json.dumps(TELLS)}", 'CMD ["itself"]'])
    finally:
        made.remove()
    yield "tenfold-test/entry:1"
    engine.images.remove(image.id, force=True)


@pytest.mark.docker
@pytest.mark.parametrize(
    ("entrypoint", "command", "said"),
    [
        (None, ["a"], "given: a"),
        (None, [], "given: itself"),
        ([], ["sh", "-c", "echo b"], "b"),
        (["sh", "-c", 'echo "mine: $0"'], ["c"], "mine: c"),
    ],
)
def test_what_runs(
    provider: DockerProvider, image: str, entrypoint: list[str] | None, command: list[str], said: str
) -> None:
    settings: dict[str, Any] = {"service": "web", "command": command, "image": image, "env": {}, "release": 1}
    if entrypoint is not None:
        settings["entrypoint"] = entrypoint
    instance = provider.create(Resource(stack, "job/run-1", "job", settings, singleton=True))
    wait_until(lambda: provider.logs(instance, 5), "it said something")
    assert provider.logs(instance, 5).strip() == said
    assert provider.images is not None
    assert provider.images.entrypoint(image) == TELLS
    assert provider.images.entrypoint("tenfold-test/nowhere:1") == ()
