"""The database and the cache: sized in powers of two, the file's word before ours."""

import pytest

from infra_specs.sizing.needs import GIGABYTE, MEGABYTE, size_cache, size_database, tune
from infra_specs.stackfile.models.needs import Cache, Database

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("replicas", "users", "connections", "memory", "storage"),
    [
        (1, 100, 32, 256 * MEGABYTE, GIGABYTE),
        (4, 10_000, 64, 512 * MEGABYTE, 4 * GIGABYTE),
        (20, 1_000_000, 256, 2 * GIGABYTE, 256 * GIGABYTE),
        (5000, 10_000_000, 1000, 8 * GIGABYTE, 4096 * GIGABYTE),
    ],
)
def test_size_database(replicas: int, users: int, connections: int, memory: int, storage: int) -> None:
    size = size_database(Database(), replicas, users)
    assert (size.connections, size.memory, size.storage) == (connections, memory, storage)


def test_the_file_says() -> None:
    size = size_database(Database(memory=128 * MEGABYTE, storage=3 * GIGABYTE), 4, 10_000)
    assert (size.memory, size.storage) == (128 * MEGABYTE, 3 * GIGABYTE)
    assert all("as the file says" in line for line in size.arithmetic)
    assert size_cache(Cache(memory=10 * MEGABYTE), 1e9).memory == 10 * MEGABYTE


def test_tuning_follows_pgtune() -> None:
    assert tune(GIGABYTE, 100) == {
        "shared_buffers": "262144kB",
        "effective_cache_size": "786432kB",
        "maintenance_work_mem": "65536kB",
        "work_mem": "2621kB",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        "checkpoint_completion_target": "0.9",
    }


@pytest.mark.parametrize(("at_once", "memory"), [(0, 64), (1024, 64), (1025, 128), (100_000, 8192)])
def test_size_cache(at_once: float, memory: int) -> None:
    assert size_cache(Cache(), at_once).memory == memory * MEGABYTE
