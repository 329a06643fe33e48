"""How many replicas of a service a target has room for, by the memory that is free on each of its machines."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from infra_specs.stackfile.models.units import size_text

RESERVE = 0.1
"""The part of a machine's memory that no replica is planned into: a machine without any is slow before it is full."""


@dataclass(frozen=True, slots=True)
class FreeMemory:
    """Bytes of one machine's memory: what new programs could take now, and all that there is."""

    free: int
    total: int

    @property
    def spare(self) -> int:
        """What may be planned with."""
        return max(0, self.free - math.ceil(RESERVE * self.total))

    def without(self, taken: int) -> "FreeMemory":
        """The same once so many bytes are taken."""
        return FreeMemory(max(0, self.free - taken), self.total)


@dataclass(frozen=True, slots=True)
class FreeDisk:
    """Bytes of the disk that a target has its data on, of one machine: what is free, and all that there is."""

    free: int
    total: int


@dataclass(frozen=True, slots=True)
class NodeCapacity:
    """The most replicas that there is room for, those that are wanted already included, and why in half a sentence."""

    replicas: int
    because: str
    per_machine: int = 0
    """The replicas that a further machine, as small as the smallest, would have room for."""


def replicas_that_fit(
    wanted: int, starting: int, replica_bytes: int | None, machines: Mapping[str, FreeMemory]
) -> NodeCapacity | None:
    """The replicas that there is room for beside the wanted ones; it never tells one of those to go.

    A replica must fit on one machine: a gigabyte that is free on each of two has no room for one of two gigabytes.
    `replica_bytes` is the memory of one replica. Those that are `starting` are taken to use none of it yet.
    None: it is not known, which limits nothing.
    """
    if not machines or not replica_bytes:
        return None
    more = max(0, sum(memory.spare // replica_bytes for memory in machines.values()) - starting)
    free = size_text(sum(memory.free for memory in machines.values()))
    reserved = size_text(sum(memory.total for memory in machines.values()) * RESERVE)
    several = len(machines) > 1
    on_machines, on_one = (f" on {len(machines)} machines", " of one machine") if several else ("", "")
    starting_text = f", and {starting} still {'starts' if starting == 1 else 'start'}" if starting else ""
    return NodeCapacity(
        wanted + more,
        f"{free} of memory is free{on_machines} and {reserved} shall stay so, one replica takes "
        f"{size_text(replica_bytes)}{on_one}{starting_text}",
        per_new_machine(machines) // replica_bytes,
    )


def per_new_machine(machines: Mapping[str, FreeMemory]) -> int:
    """The bytes that replicas may take of a further machine, as small as the smallest; 0 without machines."""
    total = min((memory.total for memory in machines.values()), default=0)
    return FreeMemory(total, total).spare


def after_placing(replicas: int, replica_bytes: int, machines: Mapping[str, FreeMemory]) -> dict[str, FreeMemory]:
    """The machines once so many more replicas run, each on the one that then has the most to spare."""
    left = dict(machines)
    for _ in range(replicas if left else 0):
        name = max(left, key=lambda machine: left[machine].spare)
        left[name] = left[name].without(replica_bytes)
    return left
