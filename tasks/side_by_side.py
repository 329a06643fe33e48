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
"""Stacks that are worked on at the same time. One that hangs gives its place back when its time is over."""
ANSWER_SECONDS = 8.0
"""How long a person waits for what one stack's target has to say, beside other stacks."""


def side_by_side(
    jobs: Mapping[str, Callable[[], T]], seconds: float = ANSWER_SECONDS
) -> tuple[dict[str, T], tuple[StackFault, ...]]:
    """What each stack's job returned, and why the others failed; both in the order of `jobs`.

    Blocks. Each job has so many seconds from its own beginning, and what it raises is a fault of its stack alone.
    """
    done: queue.SimpleQueue[tuple[str, T | Exception]] = queue.SimpleQueue()
    waiting, running, found = deque(jobs), dict[str, float](), dict[str, T]()
    faults: dict[str, StackFault] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            name = waiting.popleft()
            running[name] = time.monotonic() + seconds
            threading.Thread(target=_work, args=(name, jobs[name], done), name=f"stack {name}", daemon=True).start()
        try:
            name, outcome = done.get(timeout=max(0.0, min(running.values()) - time.monotonic()))
        except queue.Empty:
            for name in _late(running):
                faults[name] = StackFault.of(name, TransientError(f"no answer within {seconds:g} s."))
                del running[name]
            continue
        if running.pop(name, None) is None:
            continue  # it answers after its time, and is a fault already
        if isinstance(outcome, Exception):
            faults[name] = StackFault.of(name, outcome)
        else:
            found[name] = outcome
    ordered = {name: found[name] for name in jobs if name in found}
    return ordered, tuple(faults[name] for name in jobs if name in faults)


def _work(name: str, job: Callable[[], T], done: "queue.SimpleQueue[tuple[str, T | Exception]]") -> None:
    try:
        done.put((name, job()))
    except Exception as error:  # told as a fault of the stack by who waits
        done.put((name, error))


def _late(running: Mapping[str, float]) -> list[str]:
    now = time.monotonic()
    return [name for name, until in running.items() if until <= now]
