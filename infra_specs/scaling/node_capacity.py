"""How many replicas of a service a target has room for, by the memory that is free there."""

import math
from dataclasses import dataclass

from infra_specs.stackfile.models.units import size_text

RESERVE = 0.1
"""The part of a target's memory that no replica is planned into: a machine without any is slow before it is full."""


@dataclass(frozen=True, slots=True)
class FreeMemory:
    """Bytes of a target's memory: what new programs could take now, and all that there is."""

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
class NodeCapacity:
    """The most replicas that there is room for, those that are wanted already included, and why in half a sentence."""

    replicas: int
    because: str


def replicas_that_fit(
    wanted: int, starting: int, replica_bytes: int | None, memory: FreeMemory | None
) -> NodeCapacity | None:
    """What `memory` has room for beside the replicas that are wanted already; it never tells one of those to go.

    `each` is what one replica takes, in bytes. Those that are `starting` are taken to have taken none of it yet.
    None: it is not known, which limits nothing.
    """
    if memory is None or not replica_bytes:
        return None
    more = max(0, memory.spare // replica_bytes - starting)
    free, reserved = size_text(memory.free), size_text(memory.total * RESERVE)
    starting_text = f", and {starting} still {'starts' if starting == 1 else 'start'}" if starting else ""
    return NodeCapacity(
        wanted + more,
        f"{free} of memory is free and {reserved} shall stay so, one replica takes {size_text(replica_bytes)}"
        f"{starting_text}",
    )
