"""The same work for several stacks, where none waits for another.

A thread cannot be ended. One that hangs is left behind: it is a daemon, so it does not keep its process alive.
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
"""Stacks that are worked on at the same time, as long as any of them is done now and then."""
STALL_SECONDS = 0.05
"""When none is done for so long, those at work may hang: twice as many are worked on from then on."""
STALL_PART = 0.02
"""The same as a part of a shorter deadline."""
ANSWER_SECONDS = 8.0
"""How long a person waits for what one stack's target has to say, beside other stacks."""
PATIENT_SECONDS = 300.0
"""How long a stack is waited for that was asked for alone. Nobody else waits, and its target has its own limits."""


def side_by_side(
    jobs: Mapping[str, Callable[[], T]], seconds: float = ANSWER_SECONDS
) -> tuple[dict[str, T], tuple[StackFault, ...]]:
    """What each stack's job returned, and why the others failed; both in the order of `jobs`.

    Blocks for so many seconds at most, however many jobs hang: all share one deadline, and no job waits for one that
    hangs. What a job raises is a fault of its stack alone.
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
    found = {name: outcome for name, outcome in ended.items() if not isinstance(outcome, Exception)}
    faults = (StackFault.of(name, outcome) for name, outcome in ended.items() if isinstance(outcome, Exception))
    return found, tuple(faults)


def look_at(jobs: Mapping[str, Callable[[], T]]) -> tuple[dict[str, T], tuple[StackFault, ...]]:
    """The same, for as long as a person waits."""
    return side_by_side(jobs, ANSWER_SECONDS if len(jobs) > 1 else PATIENT_SECONDS)


def _work(name: str, job: Callable[[], T], done: "queue.SimpleQueue[tuple[str, T | Exception]]") -> None:
    try:
        done.put((name, job()))
    except Exception as error:  # told as a fault of the stack by who waits
        done.put((name, error))
