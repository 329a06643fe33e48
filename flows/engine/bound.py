"""The bound of a run that nobody asked for: it ends in time, so that the next one begins."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from infra_specs.errors import TransientError

T = TypeVar("T")
UNASKED_SECONDS = 20.0
"""Seconds after which a run that nobody asked for ends."""
AFTER_SECONDS = 2.0
"""Seconds that a run has at least for what comes after a block that bounded itself."""
_BOUND: ContextVar[asyncio.Timeout | None] = ContextVar("bound", default=None)


@asynccontextmanager
async def at_most(seconds: float | None, message: str) -> AsyncIterator[asyncio.Timeout]:
    """Cut the block off after `seconds`; None is never. Raises TransientError with the message if it was."""
    try:
        async with asyncio.timeout(seconds) as limit:
            yield limit
    except TimeoutError:
        if not limit.expired():
            raise
        raise TransientError(message) from None


async def bounded(name: str, working: Coroutine[Any, Any, T], *, asked_for: bool) -> T:
    """Its result. Raises TransientError if nobody asked for the run and it takes more than `UNASKED_SECONDS`.

    What the run does under `bounds_itself` is not cut off; all else is.
    """
    message = f"{name} took more than {UNASKED_SECONDS:g} s and was ended. The timer goes on."
    async with at_most(None if asked_for else UNASKED_SECONDS, message) as limit:
        token = _BOUND.set(limit)
        try:
            return await working
        finally:
            _BOUND.reset(token)


@contextmanager
def bounds_itself() -> Iterator[None]:
    """Lift the bound of the current run until the block ends: the block ends by itself, and must not be cut off.

    This holds on a machine that is late, too. A run without a bound has none afterwards either.
    """
    limit = _BOUND.get()
    if limit is None or (until := limit.when()) is None:
        yield
        return
    limit.reschedule(None)
    yield
    limit.reschedule(max(until, asyncio.get_running_loop().time() + AFTER_SECONDS))
