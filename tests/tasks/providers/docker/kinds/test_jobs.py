"""Jobs on an engine: one that is cut off has failed, however politely it ends; one that is removed is asked first."""

import time

import pytest
from docker import DockerClient

from infra_specs.resources.resource import Resource
from tasks.providers.docker import DockerProvider
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import crash, replica, stack
from tests.tasks.providers.looks import health_of

pytestmark = [pytest.mark.docker, pytest.mark.proof]
POLITE = "trap 'exit 0' TERM; echo begun; sleep 1000 & wait"
NAME = f"tenfold.{stack}.job.run-1.1"


def job(images: dict[str, str], command: list[str], **changed: object) -> Resource:
    settings = dict(replica(images).settings) | {"command": command, "release": 1, **changed}
    return Resource(stack, "job/run-1", "job", settings, singleton=True)


def test_one_that_is_stopped_by_others_has_failed(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    """As an engine that is stopped does it."""
    instance = provider.create(job(images, ["sh", "-c", POLITE]))
    wait_until(lambda: "begun" in provider.logs(instance, 5), "it runs")
    engine.containers.get(NAME).stop(timeout=60)
    health = health_of(provider, instance)
    assert (health.state, health.reason, health.code) == ("failed", "exited with 137", 137)


def test_one_that_is_killed_has_failed_and_is_not_begun_again(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    instance = provider.create(job(images, ["sh", "-c", POLITE]))
    wait_until(lambda: "begun" in provider.logs(instance, 5), "it runs")
    crash(engine.containers.get(NAME))
    wait_until(lambda: health_of(provider, instance).state == "failed", "it failed")
    assert engine.containers.get(NAME).attrs["RestartCount"] == 0
    assert provider.logs(instance, 5).split() == ["begun"]


def test_one_that_is_destroyed_is_asked_to_end(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    instance = provider.create(job(images, ["sh", "-c", POLITE]))
    wait_until(lambda: "begun" in provider.logs(instance, 5), "it runs")
    identity, began = engine.containers.get(NAME).id, int(time.time()) - 1
    provider.destroy(instance)
    only = {"container": [identity], "event": ["die"]}
    (died,) = engine.events(since=began, until=int(time.time()) + 1, filters=only, decode=True)
    assert died["Actor"]["Attributes"]["exitCode"] == "0", "it ended by itself, and was not killed"


def test_it_does_not_answer_for_its_service(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    instance = provider.create(job(images, ["sleep", "1000"]))
    (network,) = engine.containers.get(NAME).attrs["NetworkSettings"]["Networks"].values()
    assert "web" not in network["Aliases"]
    assert instance.outputs == {}
