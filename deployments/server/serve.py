"""The process that serves our flows: registers them, runs what is due, and sweeps up after crashes.

`python -m deployments.server runner SOCKET` answers `GET /ready` on the unix socket SOCKET from the moment it takes
runs, and for as long as its event loop turns.
"""

import asyncio
import signal
import socket
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import FlowRun
from prefect.runner import Runner
from prefect.settings import get_current_settings

from deployments.server.deliveries import EVERY_SECONDS as DELIVERIES_SECONDS
from deployments.server.deliveries import Deliveries
from deployments.server.drift import REFRESH_SECONDS, Drift
from deployments.server.due_push import hear_pushes, push_socket
from deployments.server.due_runs import DueRuns
from deployments.server.forked_runs import ForkingRunner, Template
from deployments.server.held_ledger import EVERY_SECONDS as HELD_SECONDS
from deployments.server.held_ledger import HeldLedger
from deployments.server.intervals import EVERY_SECONDS as INTERVALS_SECONDS
from deployments.server.intervals import Schedules, intervals_at_start
from deployments.server.job_schedules import JobSchedules
from deployments.server.login import require_login
from deployments.server.nightly import EVERY_SECONDS as NIGHTLY_SECONDS
from deployments.server.nightly import NightlyBackups
from deployments.server.own_supervisor import EVERY_SECONDS as SUPERVISED_SECONDS
from deployments.server.own_supervisor import keep_supervised
from deployments.server.periodic import repeat, side_by_side
from deployments.server.plane_processes import control_folder
from deployments.server.proof import require_proof
from deployments.server.prune_runs import EVERY_SECONDS as PRUNE_SECONDS
from deployments.server.prune_runs import Pruning
from deployments.server.reap_runs import EVERY_SECONDS as REAP_SECONDS
from deployments.server.reap_runs import Unseen, reap
from deployments.server.registry import deployments, scheduled_deployments
from deployments.server.restart_down import EVERY_SECONDS as RESTART_SECONDS
from deployments.server.restart_down import Restarts
from deployments.server.set_back import EVERY_SECONDS as SET_BACK_SECONDS
from deployments.server.set_back import SetBack
from deployments.server.time_zones import know_time_zones
from deployments.server.unix_sockets import bound
from deployments.server.warm_process import WarmProcess
from deployments.server.watchdog import Watchdog
from infra_specs.errors import ServerError
from tasks.base.poll import until
from tasks.base.settings import Settings, settings
from tasks.run.redacted_logs import redact_logs

RUNS_AT_ONCE = 16
SERVER_SECONDS = 180.0


async def serve(ready: Path, asked: socket.socket) -> None:
    """Serve until told to end; `asked` is the socket of the template. What dies with it is swept up by the next one."""
    redact_logs()
    know_time_zones()
    config = settings()
    await _server_proves_itself(config)
    template = Template(asked)
    runner = ForkingRunner(template, name="tenfold", limit=RUNS_AT_ONCE)
    asked_for = await deployments()
    taken = {deployment.name: await runner.aadd_deployment(deployment) for deployment in asked_for}
    timed = await scheduled_deployments(await asyncio.to_thread(intervals_at_start, config))
    scheduled = {await runner.aadd_deployment(deployment): deployment.name for deployment in timed}
    unseen = Unseen()
    async with get_client() as client:
        await reap(client, config, unseen)  # before they are taken: after an outage nobody waits for its ticks
    warm = WarmProcess(template.fork_warm, control_folder(config) / "warm.sock")
    due = DueRuns(taken.values(), scheduled, partial(_take, runner), warm.run)
    task = asyncio.current_task()
    assert task
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    with suppress(asyncio.CancelledError):
        async with template, runner:
            pushes = await hear_pushes(push_socket(config), due.push)
            held = HeldLedger(config)
            jobs = (
                _listen(ready),
                repeat("looked for due runs", 0.0, due.look),
                repeat("held the ledger open", HELD_SECONDS, held.look),
                repeat("kept the nightly backups", NIGHTLY_SECONDS, NightlyBackups(config, taken["backup"]).look),
                repeat("kept the times of jobs", NIGHTLY_SECONDS, JobSchedules(config, taken["job"]).look),
                *_jobs(config, scheduled, unseen),
            )
            try:
                await side_by_side(jobs)
            finally:
                pushes.close()
                await due.close()
                await warm.close()
                held.close()


async def _take(runner: Runner, runs: Sequence[FlowRun]) -> None:
    """Have Prefect's runner start these runs, as if it had polled for them."""
    await runner._scheduled_run_poller._submit_scheduled_flow_runs(list(runs), runner._runs_task_group)


def _jobs(config: Settings, scheduled: Mapping[UUID, str], unseen: Unseen) -> tuple[Coroutine[Any, Any, None], ...]:
    """What is repeated beside the runs."""
    control, restarts, watchdog = control_folder(config), Restarts(config), Watchdog(config)
    return (
        repeat("kept the intervals", INTERVALS_SECONDS, Schedules(config, scheduled, watchdog).look),
        repeat("swept", REAP_SECONDS, lambda client: reap(client, config, unseen)),
        repeat("trimmed", PRUNE_SECONDS, Pruning().look),
        repeat("watched", config.autoscale_seconds, watchdog.look),
        repeat("delivered", DELIVERIES_SECONDS, Deliveries(config).look),
        repeat("supervised", SUPERVISED_SECONDS, lambda client: keep_supervised(control, client)),
        repeat("compared by the clock", SET_BACK_SECONDS, SetBack(control).look),
        repeat("started again", RESTART_SECONDS, restarts.look),
        repeat("listened", REFRESH_SECONDS, Drift(config, restarts).listen),
    )


async def _listen(path: Path) -> None:
    """Be reachable once runs are taken, and not before: that is what `ready` means to who started us."""
    async with await asyncio.start_unix_server(_answer, sock=bound(path, socket.SOCK_STREAM)) as listening:
        await listening.serve_forever()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Whatever is asked: that it is answered says all."""
    with suppress(ConnectionError):
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
    writer.close()


async def _server_proves_itself(here: Settings) -> None:
    """Wait for the server, which is started beside us. A stranger on its port is sent nothing, and waited out."""
    login = require_login(here.home)
    url = urlsplit(str(get_current_settings().api.url))

    def proves_itself() -> bool:
        try:
            require_proof(login, url.hostname or "", url.port or 80)
        except (OSError, ServerError):
            return False
        return True

    async def look() -> bool:
        return await asyncio.to_thread(proves_itself)

    if not await until(look, bool, SERVER_SECONDS):
        raise ServerError(f"No server of this installation answered at port {url.port} within {SERVER_SECONDS:g} s.")
