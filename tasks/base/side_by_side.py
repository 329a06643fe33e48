"""Run the same job for several stacks concurrently, so that no stack waits for another.

A hanging thread cannot be stopped. It is left behind as a daemon, so it does not keep its process alive.
"""

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from infra_specs.errors import TransientError
from infra_specs.stack_fault import StackFault

T = TypeVar("T")

AT_ONCE = 32
"""Concurrent jobs, as long as some of them finish."""
STALL_SECONDS = 0.05
"""If no job finishes for so long, the running ones may hang: the number of concurrent jobs is doubled."""
STALL_PART = 0.02
"""`STALL_SECONDS` as a part of a shorter deadline."""
ANSWER_SECONDS = 8.0
"""Seconds that a person waits for one stack's target among several stacks."""
PATIENT_SECONDS = 300.0
"""Seconds for a request about a single stack: no other stack waits, and its target has its own limits."""


def side_by_side(
    jobs: Mapping[str, Callable[[], T]], seconds: float = ANSWER_SECONDS
) -> tuple[dict[str, T], tuple[StackFault, ...]]:
    """The result of each stack's job, and the faults of the others; both in the order of `jobs`.

    Blocks for at most `seconds`, however many jobs hang: all share one deadline. An error of a job is a fault of its
    stack alone.
    """
    done: queue.SimpleQueue[tuple[str, T | Exception]] = queue.SimpleQueue()
    waiting, at_work, at_once = deque(jobs), 0, AT_ONCE
    outcomes = dict[str, T | Exception]()
    deadline, stall = time.monotonic() + seconds, min(STALL_SECONDS, STALL_PART * seconds)
    while len(outcomes) < len(jobs):
        while waiting and at_work < at_once:
            name = waiting.popleft()
            threading.Thread(target=_work, args=(name, jobs[name], done), name=f"stack {name}", daemon=True).start()
            at_work += 1
        left = deadline - time.monotonic()
        try:
            name, outcome = done.get(timeout=max(0.0, min(left, stall) if waiting else left))
        except queue.Empty:
            if time.monotonic() >= deadline:
                break
            at_once *= 2
        else:
            outcomes[name] = outcome
            at_work -= 1
    late = TransientError(f"no answer within {seconds:g} s.")
    ended = {name: outcomes.get(name, late) for name in jobs}
    answers = {name: outcome for name, outcome in ended.items() if not isinstance(outcome, Exception)}
    faults = (StackFault.of(name, outcome) for name, outcome in ended.items() if isinstance(outcome, Exception))
    return answers, tuple(faults)


def look_at(jobs: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], tuple[StackFault, ...]]:
    """`side_by_side` with the deadline for a waiting person."""
    return side_by_side(jobs, ANSWER_SECONDS if len(jobs) > 1 else PATIENT_SECONDS)


def _work(name: str, job: Callable[[], T], done: "queue.SimpleQueue[tuple[str, T | Exception]]") -> None:
    try:
        done.put((name, job()))
    except Exception as error:  # told as a fault of the stack by who waits
        done.put((name, error))
