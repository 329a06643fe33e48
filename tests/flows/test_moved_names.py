"""A name that is given to another image: releases are of images, so nothing changes until somebody says so."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from flows.rollback import rollback
from flows.scale import scale
from tests.flows.on_docker import containers, done, door, shop, stack
from tests.support.children import run
from tests.tasks.providers.docker.docker_world import alone, get

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
MOVING = "tenfold-test/moving"


@pytest.fixture
def spec(engine: DockerClient, images: dict[str, str], home: Path) -> Iterator[dict[str, Any]]:
    """A stack whose image is called as another one will be."""
    with alone(engine):
        move(engine, images["tenfold-tiny:1"])
        yield shop(images, image=f"{MOVING}:now") | {"needs": {}}
    engine.images.remove(f"{MOVING}:now", force=True)


def test_a_name_moves_and_only_a_release_follows(
    spec: dict[str, Any], engine: DockerClient, images: dict[str, str]
) -> None:
    done(provision, spec=spec, source="/")
    move(engine, images["tenfold-tiny:2"])
    assert "nothing to do" in done(reconcile, stack=stack)
    done(scale, stack=stack, service="web", replicas=2)
    assert says(spec) == {"release 1\n"}, "both are of the image that was released"

    told = done(deploy, stack=stack, image=f"{MOVING}:now")
    assert told.startswith("release 2 serves")
    assert says(spec) == {"release 2\n"}
    assert "release 2 is that already" in done(deploy, stack=stack, image=f"{MOVING}:now")

    done(rollback, stack=stack)
    assert says(spec) == {"release 1\n"}
    done(provision, stack=stack)
    assert says(spec) == {"release 1\n"}, "the file says nothing new since"
    move(engine, images["tenfold-tiny:1"])
    done(provision, stack=stack)
    move(engine, images["tenfold-tiny:2"])
    done(provision, stack=stack)
    assert says(spec) == {"release 2\n"}, "a provision takes what the file's name has come to mean"


def test_an_image_of_before_that_is_gone(spec: dict[str, Any], engine: DockerClient, images: dict[str, str]) -> None:
    """As when somebody prunes what no container uses."""
    made = engine.containers.create(images["tenfold-tiny:1"])
    own = made.commit(MOVING, "now")
    made.remove()
    done(provision, spec=spec, source="/")
    move(engine, images["tenfold-tiny:2"])
    done(deploy, stack=stack, image=f"{MOVING}:now")
    engine.images.remove(str(own.id), force=True)
    before = containers(engine)
    ended = run(rollback, {"stack": stack, "release": 1})
    assert ended.state == "FAILED"
    assert "is another one than this release was made of" in ended.message
    assert str(own.id) in ended.message
    assert (containers(engine), says(spec)) == (before, {"release 2\n"})


def move(engine: DockerClient, to: str) -> None:
    assert engine.images.get(to).tag(MOVING, "now")


def says(spec: dict[str, Any]) -> set[str]:
    """What is answered, by whichever replica."""
    port = door(spec)
    responses = [get(port) for _ in range(12)]
    assert {status for status, _ in responses} == {200}
    return {body for _, body in responses}
