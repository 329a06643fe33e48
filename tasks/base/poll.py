"""Waiting for something to become true: the one place that sleeps."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, RetryError, retry_if_result, stop_after_delay, wait_exponential

T = TypeVar("T")

soonest = 0.02
slowest = 0.5
growth = 1.04
"""Seconds between two looks: often at first, since most things are ready soon; about a 25th of the time waited."""


async def until(look: Callable[[], Awaitable[T]], done: Callable[[T], bool], seconds: float) -> T:
    """Look again and again until `done`, for at most `seconds`; returns the last look, done or not."""
    looks = AsyncRetrying(
        wait=wait_exponential(multiplier=soonest, min=soonest, max=slowest, exp_base=growth),
        stop=stop_after_delay(seconds),
        retry=retry_if_result(lambda value: not done(value)),
    )
    try:
        return await looks(look)
    except RetryError as late:
        last: T = late.last_attempt.result()
        return last
