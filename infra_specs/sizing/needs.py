"""The sizes of the database and the cache, from the users at the design capacity."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from infra_specs.sizing.pools import POOLER_FROM, SPARE, Connections, Pool
from infra_specs.sizing.powers import power_of_two
from infra_specs.stackfile.models.needs import Cache, Database
from infra_specs.stackfile.models.units import size_text

MEGABYTE = 2**20
GIGABYTE = 2**30
MEMORY_A_CONNECTION = 8 * MEGABYTE
"""A backend's own memory in a web app's use; PostgreSQL's wiki says 5-10 MB."""
STORAGE_A_USER = 256 * 2**10
"""Bytes that a monthly user leaves in the database, indexes included: a rule of thumb, so give `storage` if known."""
CACHE_A_USER = 64 * 2**10
"""Bytes of cached pages and session that a user at once is worth: a rule of thumb, so give `memory` if known."""


@dataclass(frozen=True, slots=True)
class DatabaseSize:
    """A PostgreSQL's memory and storage in bytes, its connections, and its settings (name -> value)."""

    memory: int
    storage: int
    connections: int
    tuning: Mapping[str, str]
    arithmetic: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CacheSize:
    """A Valkey's memory in bytes."""

    memory: int
    arithmetic: tuple[str, ...]


def size_database(need: Database, pools: Sequence[Pool], design_users: float) -> DatabaseSize:
    """Size for the connections of every replica that there may be and the data of `design_users` monthly users.

    Powers of two, so that a few more users do not restart a database.
    """
    wanted = Connections(pools)
    connections = wanted.given
    memory = need.memory or _memory_for(connections)
    storage = need.storage or power_of_two(max(GIGABYTE, design_users * STORAGE_A_USER))
    return DatabaseSize(
        memory,
        storage,
        connections,
        tune(memory, connections),
        (
            f"database: {wanted.arithmetic}; {size_text(memory)} of memory"
            + (" (as the file says)" if need.memory else ""),
            *_pooler(wanted, None if need.memory else memory),
            f"database: {size_text(storage)} of storage"
            + (
                " (as the file says)"
                if need.storage
                else f" for {design_users:,.0f} users x {size_text(STORAGE_A_USER)}"
            ),
        ),
    )


def size_cache(need: Cache, design_users_at_once: float) -> CacheSize:
    """Size for what the users who are there at once at the design capacity keep warm."""
    memory = need.memory or power_of_two(max(64 * MEGABYTE, design_users_at_once * CACHE_A_USER))
    return CacheSize(
        memory,
        (
            f"cache: {size_text(memory)} of memory"
            + (
                " (as the file says)"
                if need.memory
                else f" for {design_users_at_once:,.4g} users at once x {size_text(CACHE_A_USER)}"
            ),
            "cache: it forgets the least used when full, and everything when it ends; jobs belong in `queue: valkey`",
        ),
    )


def tune(memory: int, connections: int) -> dict[str, str]:
    """PostgreSQL settings for `memory` bytes, by the rules of PGTune for a web application on SSD."""
    kilobyte = 2**10
    buffers = memory // 4
    work = max(kilobyte, (memory - buffers) // (connections * 3) // kilobyte)
    return {
        "shared_buffers": f"{buffers // kilobyte}kB",
        "effective_cache_size": f"{memory * 3 // 4 // kilobyte}kB",
        "maintenance_work_mem": f"{min(memory // 16, 2 * GIGABYTE) // kilobyte}kB",
        "work_mem": f"{work}kB",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        "checkpoint_completion_target": "0.9",
    }


def _memory_for(connections: int) -> int:
    return power_of_two(max(256 * MEGABYTE, connections * MEMORY_A_CONNECTION))


def _pooler(wanted: Connections, memory: int | None) -> Iterator[str]:
    """From how many connections on a pooler is worth its while, and its numbers. `memory` that is not the file's."""
    if wanted.needed <= POOLER_FROM:
        return
    clients, needed = wanted.needed - SPARE, wanted.with_pooler
    less = _memory_for(power_of_two(needed))
    saving = f", and {size_text(less)} of memory in place of {size_text(memory)}" if memory and less < memory else ""
    yield (
        f"database: more than {POOLER_FROM} connections: a pooler between (PgBouncer, pool_mode transaction, "
        f"max_client_conn {clients}, default_pool_size {needed - SPARE}) would need {needed} in place of "
        f"{wanted.needed}{saving}; or lower `pool`"
    )
