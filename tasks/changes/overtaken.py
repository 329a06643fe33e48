"""A wait that can lead nowhere any more: what it depends on has failed meanwhile, and only a new plan mends that."""

import asyncio
from collections.abc import Collection, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from infra_specs.errors import TenfoldError, TransientError
from infra_specs.resources.instance import Instance
from tasks.providers.seam.provider import KindProvider

T = TypeVar("T")
LOOK_SECONDS = 1.0
"""Between two looks at what is depended on."""


class Overtaken(TenfoldError):
    """What a change waits for depends on something that failed meanwhile: nothing is wrong with the change itself."""


async def unless_overtaken(
    provider: KindProvider, depended_on: Collection[Instance], waiting: Coroutine[Any, Any, T]
) -> T:
    """What `waiting` returns. Raises Overtaken as soon as something live that it depends on has failed."""
    waiter = asyncio.create_task(waiting)
    watcher = asyncio.create_task(_first_failure(provider, [item for item in depended_on if item.live]))
    try:
        await asyncio.wait({waiter, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if waiter.done():
            return waiter.result()
        failed = watcher.result()
        raise Overtaken(f"{failed} has failed meanwhile ({failed.health.reason}), so the plan is made anew")
    finally:
        for task in (waiter, watcher):
            task.cancel()
        await asyncio.gather(waiter, watcher, return_exceptions=True)


async def _first_failure(provider: KindProvider, instances: Collection[Instance]) -> Instance:
    """The first of these that is seen to have failed; never returns while none has."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        for instance in instances:
            with suppress(TransientError):  # the wait itself says so if the target does not answer for long
                current = await asyncio.to_thread(provider.look, instance)
                if current is not None and current.failed:
                    return current
