"""The control plane's own supervisor, started again by the serving process where neither it nor its guardian can."""

import asyncio
import logging
from pathlib import Path

from prefect.client.orchestration import PrefectClient

from infra_specs.errors import TransientError
from tasks.supervisor.client import Supervisor

EVERY_SECONDS = 5.0
log = logging.getLogger(__name__)


async def keep_supervised(folder: Path, _: PrefectClient) -> None:
    """Ask the supervisor of a folder whether it works. One that was killed together with its guardian is started.

    One that is shutting down leaves nothing behind, and stays gone.
    """
    await asyncio.to_thread(_look, folder)


def _look(folder: Path) -> None:
    try:
        Supervisor(folder).pid()
    except TransientError as error:
        if Supervisor.was_left(folder) and not Supervisor.find(folder):
            log.warning("The control plane has no supervisor, and gets another: %s", error)
            Supervisor.start(folder)
