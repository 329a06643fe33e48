"""What tests of several folders use: a Docker Engine, and the images that stand for the official ones."""

from collections.abc import Iterator

import pytest
from docker import DockerClient

from tests.support import images as built
from tests.support.box import Box
from tests.support.engine import NoEngine, connect


@pytest.fixture(scope="session")
def engine() -> Iterator[DockerClient]:
    """The Docker Engine; without one the test is skipped, and the summary says why."""
    try:
        client = connect()
    except NoEngine as no:
        pytest.skip(str(no))
    yield client
    client.close()


@pytest.fixture(scope="session")
def images(engine: DockerClient) -> dict[str, str]:
    """The image override map: what stands for each official image. Built the first time, which takes minutes."""
    try:
        return built.images(engine)
    except built.CannotBuild as error:
        pytest.skip(str(error))


@pytest.fixture
def box(engine: DockerClient, images: dict[str, str]) -> Iterator[Box]:
    """A network of the test's own, to start containers on by hand."""
    box = Box(engine, images)
    yield box
    box.end()
