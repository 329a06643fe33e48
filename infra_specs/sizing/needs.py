"""The sizes of the database and the cache, from the users at the design capacity."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from infra_specs.stackfile.models.needs import Cache, Database
from infra_specs.stackfile.models.units import size_text

megabyte = 2**20
gigabyte = 2**30
connections_a_replica = 10
"""A pool of a replica: what common frameworks open by default."""
connections_spare = 20
"""For migrations, backups, a person."""
connections_at_most = 1000
"""More backends than this slow a PostgreSQL down instead of serving more."""
memory_a_connection = 8 * megabyte
"""A backend's own memory in a web app's use; PostgreSQL's wiki says 5-10 MB."""
storage_a_user = 256 * 2**10
"""Bytes that a monthly user leaves in the database, indexes included: a rule of thumb, so give `storage` if known."""
cache_a_user = 64 * 2**10
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


def size_database(need: Database, design_replicas: int, design_users: float) -> DatabaseSize:
    """Size for the connections of every replica at the design capacity and the data of `design_users` monthly users.

    Powers of two, so that a few more users do not restart a database.
    """
    needed = connections_spare + connections_a_replica * design_replicas
    connections = min(connections_at_most, _power_of_two(needed))
    wanted = max(256 * megabyte, connections * memory_a_connection)
    memory = need.memory or _power_of_two(wanted)
    storage = need.storage or _power_of_two(max(gigabyte, design_users * storage_a_user))
    return DatabaseSize(
        memory,
        storage,
        connections,
        tune(memory, connections),
        (
            f"database: {connections_a_replica} connections x {design_replicas} replicas at the design capacity "
            f"+ {connections_spare} spare: {needed}{_given(needed, connections)}; {size_text(memory)} of memory"
            + (" (as the file says)" if need.memory else ""),
            f"database: {size_text(storage)} of storage"
            + (
                " (as the file says)"
                if need.storage
                else f" for {design_users:,.0f} users x {size_text(storage_a_user)}"
            ),
        ),
    )


def size_cache(need: Cache, design_users_at_once: float) -> CacheSize:
    """Size for what the users who are there at once at the design capacity keep warm."""
    memory = need.memory or _power_of_two(max(64 * megabyte, design_users_at_once * cache_a_user))
    return CacheSize(
        memory,
        (
            f"cache: {size_text(memory)} of memory"
            + (
                " (as the file says)"
                if need.memory
                else f" for {design_users_at_once:,.4g} users at once x {size_text(cache_a_user)}"
            ),
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
        "maintenance_work_mem": f"{min(memory // 16, 2 * gigabyte) // kilobyte}kB",
        "work_mem": f"{work}kB",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "200",
        "checkpoint_completion_target": "0.9",
    }


def _given(needed: int, connections: int) -> str:
    if connections < needed:
        return f", of which at most {connections} are given: put a pooler between, or open fewer a replica"
    return f", rounded up to {connections}"


def _power_of_two(value: float) -> int:
    return 1 << max(0, math.ceil(math.log2(value)))
