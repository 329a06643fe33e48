"""A provider of the local target, and all of it ended afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.providers.local import LocalProvider
from tests.tasks.providers.local.world import opened


@pytest.fixture
def provider() -> Iterator[LocalProvider]:
    with opened() as provider:
        yield provider


@pytest.fixture
def home(provider: LocalProvider) -> Path:
    return provider._home
