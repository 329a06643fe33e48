"""The classes of databases and caches that AWS runs."""

import pytest

from infra_specs.sizing.managed import cache_class, database_class
from infra_specs.stackfile.reading.aws import MOST_CACHE_MEMORY, MOST_DATABASE_MEMORY

pytestmark = pytest.mark.pure

GB = 2**30


@pytest.mark.parametrize(
    ("memory", "connections", "name"),
    [
        (GB // 4, 20, "db.t4g.micro"),
        (GB, 20, "db.t4g.micro"),
        (GB + 1, 20, "db.t4g.small"),
        (GB // 4, 113, "db.t4g.small"),  # more connections than a micro takes
        (33 * GB, 20, "db.r6g.2xlarge"),
        (512 * GB, 20, "db.r6g.16xlarge"),
        (512 * GB + 1, 20, None),
    ],
)
def test_of_a_database(memory: int, connections: int, name: str | None) -> None:
    assert database_class(memory, connections) == name


@pytest.mark.parametrize(
    ("memory", "name"),
    [
        (64 * 2**20, "cache.t4g.micro"),
        (GB // 2, "cache.t4g.small"),  # a micro has 0.5 GB, and a quarter of it is AWS's
        (2 * GB, "cache.t4g.medium"),
        (3 * GB, "cache.m7g.large"),
        (400 * GB, None),
    ],
)
def test_of_a_cache(memory: int, name: str | None) -> None:
    assert cache_class(memory) == name


def test_the_most_that_a_file_may_ask_for_has_a_class() -> None:
    assert database_class(MOST_DATABASE_MEMORY, 1)
    assert cache_class(MOST_CACHE_MEMORY)
