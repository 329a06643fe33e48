"""Sizes that do not fit what is used: too small soon, or paid for and idle."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.advice.growth import Advice
from infra_specs.advice.proposed_change import propose_change
from infra_specs.catalogue import cache, database
from infra_specs.resources.address import is_of_service
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.units import size_text

full = 0.8
idle = 0.2
"""The parts of what there is that are much and little."""
smallest = 64 * 2**20
"""Bytes below which nothing is made smaller."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one thing was seen to use: bytes of memory and of disk. None is not known."""

    memory: int | None = None
    disk: int | None = None


def rightsizing(stack: Stack, counts: Mapping[str, int], uses: Mapping[str, Usage]) -> tuple[Advice, ...]:
    """Advice for each part whose memory or disk is nearly used, or hardly. `uses` is by address."""
    return tuple(_advice(stack, counts, uses))


@dataclass(frozen=True, slots=True)
class _Part:
    """What is `used` of what is `there`, in bytes, and the file's key that says so."""

    about: str
    what: str
    key: tuple[str, ...]
    used: int | None
    there: int | None


def _advice(stack: Stack, counts: Mapping[str, int], uses: Mapping[str, Usage]) -> Iterable[Advice]:
    for part in _parts(stack, uses):
        if part.used is None or part.there is None or not (wanted := _wanted(part.used, part.there)):
            continue
        change: Any = wanted
        for key in reversed(part.key):
            change = {key: change}
        # Data never gets less room: only an empty volume could be made smaller.
        possible = part.key[-1] != "storage" or wanted > part.there
        next_step = propose_change(stack, change, counts) if possible else None
        yield Advice(part.about, _said(part, part.used, part.there), next_step, less=wanted < part.there)


def _parts(stack: Stack, uses: Mapping[str, Usage]) -> Iterable[_Part]:
    sizing, nothing = size(stack), Usage()
    server, data, kept = (uses.get(one, nothing) for one in (database.address, database.volume, cache.address))
    if there := sizing.database:
        key = ("needs", "database")
        yield _Part("database", "the database's memory", (*key, "memory"), server.memory, there.memory)
        yield _Part("database", "the database's storage", (*key, "storage"), data.disk, there.storage)
    if sizing.cache:
        yield _Part("cache", "the cache's memory", ("needs", "cache", "memory"), kept.memory, sizing.cache.memory)
    for name, service in stack.services.items():
        seen = [use.memory for address, use in uses.items() if is_of_service(address, name)]
        used = max((memory for memory in seen if memory is not None), default=None)
        yield _Part(name, f"the memory of a replica of {name}", ("services", name, "memory"), used, service.memory)


def _wanted(used: int, there: int) -> int | None:
    """Twice as much, or the half of it; None where it fits."""
    if used >= full * there:
        return 2 * there
    return there // 2 if used <= idle * there and there // 2 >= smallest else None


def _said(part: _Part, used: int, there: int) -> str:
    share = f"{size_text(used)} of {size_text(there)}, {100 * used / there:.0f} %"
    if used >= full * there:
        return f"{part.what} is nearly used ({share})"
    return f"{part.what} is paid for and idle ({share} used)"
