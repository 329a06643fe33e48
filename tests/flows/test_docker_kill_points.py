"""On a Docker Engine: a run that is killed between its calls to the engine, again and again, comes to its end.

Each run is killed one call later than the one before it, until one of them is not killed any more.
"""

import os
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from docker import DockerClient
from docker.api.client import APIClient
from prefect import Flow

from flows.deploy import deploy
from flows.provision import provision
from flows.rollback import rollback
from flows.teardown import teardown
from tests.flows.on_docker import containers, done, door, one_replica, shop, stack, well
from tests.support.children import start_with
from tests.tasks.providers.docker.docker_world import alone, get, left

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]


@pytest.fixture
def spec(engine: DockerClient, images: dict[str, str], home: Path) -> Iterator[dict[str, Any]]:
    with alone(engine):
        yield shop(images)


def test_killed_again_and_again(
    spec: dict[str, Any], engine: DockerClient, images: dict[str, str], record_property: Callable[[str, object], None]
) -> None:
    """A stack's whole life, each step of it like this."""
    points = killed_until_done(provision, spec=spec, source="/")
    assert "nothing to do" in done(provision, spec=spec, source="/")
    assert (well(spec), says(spec)) == (one_replica, "release 1\n")

    points += killed_until_done(deploy, stack=stack, image=images["tenfold-tiny:2"])
    assert (well(spec), says(spec)) == (one_replica, "release 2\n")

    points += killed_until_done(rollback, stack=stack, release=1)
    assert (well(spec), says(spec)) == (one_replica, "release 1\n")
    assert sum(".replica." in name for name in containers(engine)) == 1, "nothing of other releases is left"

    points += killed_until_done(teardown, stack=stack)
    assert left(engine) == ["tenfold.flows.volume.database.1"]
    record_property("points", points)


def killed_until_done(flow: Flow[..., Any], **parameters: Any) -> int:
    """How often it was killed before it came to its end."""
    for number in count():
        ended = start_with(Killing(after=1 + number), flow, parameters).wait()
        if ended.state is not None:
            assert ended.state == "COMPLETED", ended.message
            return number
    raise AssertionError


class Killing:
    """The process that it is installed in ends right after so many of its calls that change something in the engine."""

    def __init__(self, after: int) -> None:
        self._left = after
        self.passed: list[str] = []

    def install(self) -> None:
        self._guard = Lock()
        for name in ("_post", "_put", "_delete"):
            setattr(APIClient, name, self._counted(getattr(APIClient, name)))

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(api: APIClient, url: str, *args: Any, **kwargs: Any) -> Any:
            result = call(api, url, *args, **kwargs)
            if "exec" not in url:
                with self._guard:
                    self._left -= 1
                    if not self._left:
                        os.kill(os.getpid(), signal.SIGKILL)
            return result

        return counted


def says(spec: dict[str, Any]) -> str:
    status, body = get(door(spec))
    assert status == 200, body
    return body
