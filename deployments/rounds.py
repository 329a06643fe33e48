"""Work that the serving process does again and again beside its flows."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from httpx import TransportError
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError

log = logging.getLogger(__name__)


async def rounds(what: str, every: float, job: Callable[[PrefectClient], Awaitable[object]]) -> None:
    """Do a job now and every so many seconds, for ever; a server that is away for a moment is asked again next time."""
    while True:
        try:
            async with get_client() as client:  # for as long as it goes well: opening one takes longer than most looks
                while True:
                    await job(client)
                    await asyncio.sleep(every)
        except (OSError, TransportError, PrefectHTTPStatusError) as away:
            log.warning("Not %s: %s", what, away)
        await asyncio.sleep(every)
