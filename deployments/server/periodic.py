"""Jobs that the serving process repeats beside its flows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

from httpx import TransportError
from prefect.client.orchestration import PrefectClient, get_client

log = logging.getLogger(__name__)


async def repeat(what: str, every: float, job: Callable[[PrefectClient], Awaitable[object]]) -> None:
    """Do a job now and every so many seconds, for ever: whatever one round raises is logged, and the next one comes.

    A server that is away for a moment is one line of the log, since everybody has it then; all else has its traceback.
    """
    while True:
        try:
            async with get_client() as client:  # for as long as it goes well: opening one takes longer than most looks
                while True:
                    await job(client)
                    await asyncio.sleep(every)
        except TransportError as away:
            log.warning("Not %s: %s", what, away)
        except Exception:  # nobody awaits this: what ends it would end its work until the process is started again
            log.exception("Not %s.", what)
        await asyncio.sleep(every)


async def side_by_side(jobs: Iterable[Coroutine[Any, Any, None]]) -> None:
    """Do these jobs until one of them raises, or this is cancelled. Then none of them goes on."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
