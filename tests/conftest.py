"""What tests of several folders use: a Docker Engine, and the images that stand for the official ones."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from docker import DockerClient


@pytest.fixture(scope="session")
def engine() -> Iterator["DockerClient"]:
    """The Docker Engine; without one the test is skipped, and the summary says why."""
    from tests.support.engine import NoEngine, connect  # noqa: PLC0415 - only tests of Docker pay for its SDK

    try:
        client = connect()
    except NoEngine as no:
        pytest.skip(str(no))
    yield client
    client.close()


@pytest.fixture(scope="session")
def images(engine: "DockerClient") -> dict[str, str]:
    """The image override map: what stands for each official image. Built the first time, which takes minutes."""
    from tests.support.images import CannotBuild, images  # noqa: PLC0415

    try:
        return images(engine)
    except CannotBuild as error:
        pytest.skip(str(error))
