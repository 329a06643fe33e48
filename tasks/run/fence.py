"""The one door to every outside effect: a run makes it only while it holds its lock.

A paused run whose lock was taken over meanwhile wakes up before this door, and does nothing more.
"""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from tasks.ledger import Lease, Ledger
from tasks.run.context import RunContext

T = TypeVar("T")


async def fenced(context: RunContext, effect: Callable[[], T]) -> T:
    """Make an outside effect in a thread. Raises Fenced, and does nothing, if the run has lost its lock."""
    return await asyncio.to_thread(call_fenced, context.ledger, context.lease, effect)


def call_fenced(ledger: Ledger, lease: Lease, effect: Callable[[], T]) -> T:
    """As `fenced`, in this thread. Blocks for as long as the effect takes."""
    ledger.locks.check(lease)
    return effect()
