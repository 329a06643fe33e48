"""The size of a queue: the jobs that wait while no worker takes any."""

from dataclasses import dataclass

from infra_specs.sizing.powers import power_of_two
from infra_specs.stackfile.models.needs import Queue
from infra_specs.stackfile.models.units import duration_text, size_text

MEGABYTE = 2**20
GIGABYTE = 2**30
JOB_BYTES = 2 * 2**10
"""A waiting job with its arguments: a rule of thumb, so give `memory` if known."""
WAITING_SECONDS = 3600.0
"""For how long jobs may wait, as when the workers are down: one for each request of that time."""
FILE_SHARE = 4
"""Bytes of disk for each byte of memory: the file may grow to twice that, and is written anew beside itself."""


@dataclass(frozen=True, slots=True)
class QueueSize:
    """A queue's memory and storage in bytes."""

    memory: int
    storage: int
    arithmetic: tuple[str, ...]


def size_queue(need: Queue, design_requests: float) -> QueueSize:
    """Size for an hour of jobs, one for each of `design_requests` a second, that wait at the design capacity."""
    jobs = design_requests * WAITING_SECONDS
    memory = need.memory or power_of_two(max(64 * MEGABYTE, jobs * JOB_BYTES))
    storage = need.storage or power_of_two(max(GIGABYTE, memory * FILE_SHARE))
    reason = f" for {jobs:,.0f} jobs that wait ({duration_text(WAITING_SECONDS)} of requests) x {size_text(JOB_BYTES)}"
    return QueueSize(
        memory,
        storage,
        (
            f"queue: {size_text(memory)} of memory" + (" (as the file says)" if need.memory else reason),
            f"queue: {size_text(storage)} of storage"
            + (
                " (as the file says)"
                if need.storage
                else f" for {FILE_SHARE} x that: its file grows and is written anew"
            ),
        ),
    )
