"""Sizes that do not fit what is used: too small soon, or paid for and idle."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra_specs.advice.growth import Advice
from infra_specs.advice.observation import Observation
from infra_specs.advice.proposed_change import possible_change
from infra_specs.catalogue import cache, database, queue
from infra_specs.resources.services import service_of
from infra_specs.sizing.needs import CacheSize
from infra_specs.sizing.queue import QueueSize
from infra_specs.sizing.size import size
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.units import size_text

NEARLY_USED = 0.8
NEARLY_IDLE = 0.2
"""The parts of what there is that are much and little."""
SMALLEST_BYTES = 64 * 2**20
"""Bytes below which nothing is made smaller."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one thing was seen to use: bytes of memory and of disk, and of a cache the writes to lists and streams since
    it was started. None is not known."""

    memory: int | None = None
    disk: int | None = None
    queue_writes: int | None = None


def rightsizing(
    stack: Stack, counts: Mapping[str, int], usages: Mapping[str, Usage], observation: Observation
) -> tuple[Advice, ...]:
    """Advice for each part whose memory or disk is nearly used, or hardly. `usages` is by address.

    Nothing is called idle before the observation is enough; until then the last advice says from when.
    """
    items = tuple(_advice(stack, counts, usages))
    if observation.is_enough:
        return items
    is_known = any(part.used is not None and part.available for part in _parts(stack, usages))
    return (*(item for item in items if not item.less), *((observation.waits(),) if is_known else ()))


@dataclass(frozen=True, slots=True)
class _Part:
    """What is `used` of what is `there`, in bytes, and the file's key that says so."""

    about: str
    what: str
    key: tuple[str, ...]
    used: int | None
    available: int | None
    spare: bool = False
    """That it is kept free for what may come, as a queue is for the hour without workers: never called idle."""


def _advice(stack: Stack, counts: Mapping[str, int], usages: Mapping[str, Usage]) -> Iterable[Advice]:
    for part in _parts(stack, usages):
        if part.used is None or part.available is None or not (new_size := _new_size(part.used, part.available)):
            continue
        if part.spare and new_size < part.available:
            continue
        change: Any = new_size
        for key in reversed(part.key):
            change = {key: change}
        # Data never gets less room: only an empty volume could be made smaller.
        possible = part.key[-1] != "storage" or new_size > part.available
        next_step = possible_change(stack, change, counts) if possible else None
        yield Advice(part.about, _text(part, part.used, part.available), next_step, less=new_size < part.available)


def _parts(stack: Stack, usages: Mapping[str, Usage]) -> Iterable[_Part]:
    sizing, nothing = size(stack), Usage()
    needs = (
        ("database", sizing.database, database.ADDRESS, database.VOLUME),
        ("cache", sizing.cache, cache.NEED.address, None),
        ("queue", sizing.queue, queue.NEED.address, queue.VOLUME),
    )
    for need, available, server, volume in needs:
        if available is None:
            continue
        memory = usages.get(server, nothing).memory
        spare = isinstance(available, QueueSize)
        yield _Part(need, f"the {need}'s memory", ("needs", need, "memory"), memory, available.memory, spare=spare)
        if volume is not None and not isinstance(available, CacheSize):
            disk = usages.get(volume, nothing).disk
            key = ("needs", need, "storage")
            yield _Part(need, f"the {need}'s storage", key, disk, available.storage, spare=spare)
    for name, service in stack.services.items():
        seen = [use.memory for address, use in usages.items() if service_of(address) == name]
        used = max((memory for memory in seen if memory is not None), default=None)
        yield _Part(name, f"the memory of a replica of {name}", ("services", name, "memory"), used, service.memory)


def _new_size(used: int, available: int) -> int | None:
    """Twice as much, or the half of it; None where it fits."""
    if used >= NEARLY_USED * available:
        return 2 * available
    return available // 2 if used <= NEARLY_IDLE * available and available // 2 >= SMALLEST_BYTES else None


def _text(part: _Part, used: int, available: int) -> str:
    share = f"{size_text(used)} of {size_text(available)}, {100 * used / available:.0f} %"
    if used >= NEARLY_USED * available:
        return f"{part.what} is nearly used ({share})"
    return f"{part.what} is paid for and idle ({share} used)"
