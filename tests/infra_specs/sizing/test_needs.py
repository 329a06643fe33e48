"""The database and the cache: sized in powers of two, the file's word before ours."""

from typing import Any

import pytest

from infra_specs.sizing.needs import GIGABYTE, MEGABYTE, size_cache, size_database, tune
from infra_specs.sizing.pools import Pool
from infra_specs.sizing.queue import size_queue
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.needs import Cache, Database, Queue
from tests.infra_specs.stacks import a_stack

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
    size = size_database(Database(), [Pool("web", 10, replicas, 1)], users)
    assert (size.connections, size.memory, size.storage) == (connections, memory, storage)


def test_the_file_says() -> None:
    size = size_database(Database(memory=128 * MEGABYTE, storage=3 * GIGABYTE), [Pool("web", 10, 4, 1)], 10_000)
    assert (size.memory, size.storage) == (128 * MEGABYTE, 3 * GIGABYTE)
    assert all("as the file says" in line for line in size.arithmetic)
    assert size_cache(Cache(memory=10 * MEGABYTE), 1e9).memory == 10 * MEGABYTE


@pytest.mark.parametrize(
    ("replicas", "pool", "connections", "lines"),
    [
        (
            {"min": 2, "max": 40},
            10,
            512,
            (
                "database: 10 connections x 40 replicas of web at most + 20 spare: 420, rounded up to 512; "
                "4GB of memory",
                "database: more than 200 connections: a pooler between (PgBouncer, pool_mode transaction, "
                "max_client_conn 400, default_pool_size 40) would need 60 in place of 420, and 512MB of memory in "
                "place of 4GB; or lower `pool`",
            ),
        ),
        (
            {"min": 2, "max": 40},
            4,
            256,
            ("database: 4 connections x 40 replicas of web at most + 20 spare: 180, rounded up to 256; 2GB of memory",),
        ),
        (
            1,
            1,
            32,
            ("database: 1 connection x 1 replica of web at most + 20 spare: 21, rounded up to 32; 256MB of memory",),
        ),
        (
            {"min": 2, "max": 500},
            10,
            1000,
            (
                "database: 10 connections x 500 replicas of web at most + 20 spare: 5020, of which at most 1000 are "
                "given: put a pooler between, or lower `pool`; 8GB of memory",
                "database: more than 200 connections: a pooler between (PgBouncer, pool_mode transaction, "
                "max_client_conn 5000, default_pool_size 500) would need 520 in place of 5020; or lower `pool`",
            ),
        ),
    ],
)
def test_a_database_has_room_for_all_replicas_that_there_may_be(
    replicas: Any, pool: int, connections: int, lines: tuple[str, ...]
) -> None:
    users = {"monthly": 259_200, "sessions": 1, "requests": 7, "response_time": 1, "peak": 1}
    web = {"command": "run", "port": 80, "replicas": replicas, "pool": pool}
    database = size(a_stack(users=users, services={"web": web}, needs={"database": "postgres"})).database
    assert database is not None
    assert (database.connections, database.arithmetic[:-1]) == (connections, lines)


def test_every_service_has_its_own_pool() -> None:
    services = {
        "web": {"command": "run", "port": 80, "replicas": 3, "pool": 5},
        "jobs": {"command": "work", "replicas": {"min": 1, "max": 4}},
    }
    database = size(a_stack(services=services, needs={"database": "postgres"})).database
    assert database is not None
    assert database.arithmetic[0] == (
        "database: 5 connections x 3 replicas of web at most + 10 connections x 4 replicas of jobs at most + 20 spare: "
        "75, rounded up to 128; 1GB of memory"
    )


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
