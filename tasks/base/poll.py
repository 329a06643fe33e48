"""Poll until a condition is true."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

from tenacity import AsyncRetrying, RetryError, Retrying, retry_if_result, stop_after_delay, wait_exponential

T = TypeVar("T")

MIN_INTERVAL = 0.02
MAX_INTERVAL = 0.5
GROWTH = 1.04
"""Seconds between two polls: short at first, then about a 25th of the time waited."""


async def until(look: Callable[[], Awaitable[T]], done: Callable[[T], bool], seconds: float) -> T:
    """Call `look` until `done` accepts its result, for at most `seconds`. Returns the last result, done or not."""
    try:
        return await AsyncRetrying(**_times(done, seconds))(look)
    except RetryError as late:
        last: T = late.last_attempt.result()
        return last


async def until_over(look: Callable[[], Awaitable[T]], done: Callable[[T], bool], delays: Iterable[float]) -> T:
    """The same with these seconds between one look and the next: for what may take minutes."""
    value = await look()
    for delay in delays:
        if done(value):
            break
        await asyncio.sleep(delay)
        value = await look()
    return value


def wait_until(look: Callable[[], T], done: Callable[[T], bool], seconds: float) -> T:
    """As `until`. Blocks."""
    try:
        return Retrying(**_times(done, seconds))(look)
    except RetryError as late:
        last: T = late.last_attempt.result()
        return last


def wait_until_over(look: Callable[[], T], done: Callable[[T], bool], delays: Iterable[float]) -> T:
    """As `until_over`. Blocks."""
    value = look()
    for delay in delays:
        if done(value):
            break
        time.sleep(delay)
        value = look()
    return value


def _times(done: Callable[[T], bool], seconds: float) -> dict[str, Any]:
    return {
        "wait": wait_exponential(multiplier=MIN_INTERVAL, min=MIN_INTERVAL, max=MAX_INTERVAL, exp_base=GROWTH),
        "stop": stop_after_delay(seconds),
        "retry": retry_if_result(lambda value: not done(value)),
    }
