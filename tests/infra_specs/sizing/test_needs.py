"""The database and the cache: sized in powers of two, the file's word before ours."""

import pytest

from infra_specs.sizing.needs import GIGABYTE, MEGABYTE, size_cache, size_database, tune
from infra_specs.sizing.queue import size_queue
from infra_specs.stackfile.models.needs import Cache, Database, Queue

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


@pytest.mark.parametrize(
    ("requests", "memory", "storage"), [(0, 64, 1024), (9.1, 64, 1024), (12.3, 128, 1024), (123.4, 1024, 4096)]
)
def test_size_queue(requests: float, memory: int, storage: int) -> None:
    """An hour of jobs, one for each request."""
    size = size_queue(Queue(), requests)
    assert (size.memory, size.storage) == (memory * MEGABYTE, storage * MEGABYTE)


def test_the_file_says_how_large_a_queue_is() -> None:
    size = size_queue(Queue(memory=32 * MEGABYTE, storage=3 * GIGABYTE), 1e6)
    assert size.arithmetic == (
        "queue: 32MB of memory (as the file says)",
        "queue: 3GB of storage (as the file says)",
    )
    assert size_queue(Queue(), 10).arithmetic == (
        "queue: 128MB of memory for 36,000 jobs that wait (1h of requests) x 2KB",
        "queue: 1GB of storage for 4 x that: its file grows and is written anew",
    )
