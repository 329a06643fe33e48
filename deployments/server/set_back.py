"""A clock that was set back: the server begins anew, or its services would wait for the time that they saw before.

Prefect's services (the scheduler among them) note by the wall clock when they run next, and the scheduler makes no run
as long as later ones are there. After an hour back no schedule would make a run for an hour.
"""

import asyncio
import logging
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

from deployments.server.plane_processes import SERVER
from deployments.server.reap_runs import OUR_DEPLOYMENTS, PAGE_SIZE
from infra_specs.errors import TransientError
from tasks.base.clock import now
from tasks.supervisor.client import Supervisor

EVERY_SECONDS = 5.0
LEAST_SECONDS = 30.0
"""A clock that is set right by less makes nothing wait for long."""
log = logging.getLogger(__name__)


class SetBack:
    """Compares the wall clock with one that nobody sets. `folder`: that of the control plane's supervisor."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ahead = _ahead()

    async def look(self, client: PrefectClient) -> None:
        """One look. Runs that are under way go on: they ask again while the server is away."""
        ahead = _ahead()
        if (seconds := self._ahead - ahead) >= LEAST_SECONDS:
            log.warning("The clock was set back by %.0f s: the server is started again.", seconds)
            await _forget_scheduled(client)
            await asyncio.to_thread(self._restart)
        self._ahead = ahead

    def _restart(self) -> None:
        """Kill it, as when it hangs: asked to end, it might wait for open connections. Its supervisor starts it."""
        with suppress(TransientError, ProcessLookupError):
            status = Supervisor(self._folder).get(SERVER)
            if status and status.pid:
                os.kill(status.pid, signal.SIGKILL)


async def _forget_scheduled(client: PrefectClient) -> None:
    """Delete the runs that schedules have made ahead, by the clock as it was. The server makes them anew."""
    scheduled = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])))
    while True:
        runs = await client.read_flow_runs(
            deployment_filter=OUR_DEPLOYMENTS, flow_run_filter=scheduled, limit=PAGE_SIZE,
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        )  # fmt: skip
        made_ahead = [run for run in runs if run.auto_scheduled]
        if not made_ahead:
            return
        for run in made_ahead:
            with suppress(ObjectNotFound):
                await client.delete_flow_run(run.id)


def _ahead() -> float:
    """Seconds that the wall clock is ahead of the other."""
    return now() - time.monotonic()
