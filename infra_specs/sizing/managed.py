"""The classes of managed databases and caches of AWS, by what they hold. All of them are Graviton."""

from math import ceil

from infra_specs.sizing.needs import DatabaseSize

GIGABYTE = 2**30
LEAST_STORAGE_GB = 20
"""The smallest disk of a database."""
BYTES_A_CONNECTION = 9_531_392
"""A database takes one connection for so many bytes of its class, unless a parameter says otherwise."""

_DATABASES: tuple[tuple[str, float], ...] = (
    ("db.t4g.micro", 1), ("db.t4g.small", 2), ("db.t4g.medium", 4), ("db.t4g.large", 8), ("db.t4g.xlarge", 16),
    ("db.t4g.2xlarge", 32), ("db.r6g.2xlarge", 64), ("db.r6g.4xlarge", 128), ("db.r6g.8xlarge", 256),
    ("db.r6g.12xlarge", 384), ("db.r6g.16xlarge", 512),
)  # fmt: skip
"""Classes and their memory in gigabytes, from the smallest on."""
_CACHES: tuple[tuple[str, float], ...] = (
    ("cache.t4g.micro", 0.5), ("cache.t4g.small", 1.37), ("cache.t4g.medium", 3.09), ("cache.m7g.large", 6.38),
    ("cache.m7g.xlarge", 12.93), ("cache.r7g.xlarge", 26.32), ("cache.r7g.2xlarge", 52.82),
    ("cache.r7g.4xlarge", 105.81), ("cache.r7g.8xlarge", 209.55), ("cache.r7g.16xlarge", 419.09),
)  # fmt: skip
CACHE_PART = 0.75
"""The part of a cache's memory that items may take; AWS reserves the rest for its own work."""


def database_class(memory: int, connections: int) -> str | None:
    """The smallest class with this memory in bytes and these connections; None if there is none so large."""
    needed = max(memory, connections * BYTES_A_CONNECTION)
    return next((name for name, size in _DATABASES if size * GIGABYTE >= needed), None)


def cache_class(memory: int) -> str | None:
    """The smallest class that holds so many bytes of items; None if there is none so large."""
    return next((name for name, size in _CACHES if size * CACHE_PART * GIGABYTE >= memory), None)


def storage_gigabytes(size: DatabaseSize) -> int:
    """The disk of a database in whole gigabytes."""
    return max(LEAST_STORAGE_GB, ceil(size.storage / GIGABYTE))
