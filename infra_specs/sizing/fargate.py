"""The sizes that a task of AWS Fargate may have: pairs of processor and memory, and no others."""

from dataclasses import dataclass

MEGABYTE = 2**20

_MEMORY: tuple[tuple[int, tuple[int, ...]], ...] = (
    (256, (512, 1024, 2048)),
    (512, tuple(range(1024, 4096 + 1, 1024))),
    (1024, tuple(range(2048, 8192 + 1, 1024))),
    (2048, tuple(range(4096, 16384 + 1, 1024))),
    (4096, tuple(range(8192, 30720 + 1, 1024))),
    (8192, tuple(range(16384, 61440 + 1, 4096))),
    (16384, tuple(range(32768, 122880 + 1, 8192))),
)
"""Processor units (1024 are one vCPU) and the megabytes that go with them, both from the smallest on."""


@dataclass(frozen=True, slots=True)
class FargateSize:
    """The size of one task: processor units, of which 1024 are one vCPU, and megabytes."""

    cpu: int
    memory: int

    def __str__(self) -> str:
        return f"{self.cpu / 1024:g} vCPU, {self.memory} MB"


def fargate_size(cpus: float | None, memory: int | None) -> FargateSize | None:
    """The smallest pair with at least these cores and bytes; None if there is none so large.

    Without either it is the smallest of all. Fewer cores go before less memory, as cores cost more.
    """
    for units, sizes in _MEMORY:
        if units < (cpus or 0) * 1024:
            continue
        for megabytes in sizes:
            if megabytes * MEGABYTE >= (memory or 0):
                return FargateSize(units, megabytes)
    return None
