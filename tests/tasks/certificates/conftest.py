"""One authority for all tests of this package."""

from collections.abc import Iterator

import pytest

from tests.support.pebble import Pebble, program, running_pebble


@pytest.fixture(scope="package")
def pebble() -> Iterator[Pebble]:
    if program("pebble") is None:
        pytest.skip("no Pebble: scripts/pebble fetches it")
    with running_pebble() as authority:
        yield authority
