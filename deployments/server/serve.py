"""The process that serves our flows: registers them, runs what is due, and sweeps up after crashes.

`python -m deployments.server runner SOCKET` answers `GET /ready` on the unix socket SOCKET from the moment it takes
runs, and for as long as its event loop turns.
"""

import asyncio
import socket
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from prefect.client.orchestration import get_client
from prefect.runner import Runner
from prefect.settings import get_current_settings

from deployments.server.autoscale_ticks import LOOK_SECONDS, run_due_tick
from deployments.server.login import require_login
from deployments.server.own_supervisor import EVERY_SECONDS as SUPERVISED_SECONDS
from deployments.server.own_supervisor import keep_supervised
from deployments.server.periodic import repeat
from deployments.server.plane_processes import control_folder
from deployments.server.proof import require_proof
from deployments.server.prune_runs import EVERY_SECONDS as PRUNE_SECONDS
from deployments.server.prune_runs import prune
from deployments.server.reap_runs import EVERY_SECONDS as REAP_SECONDS
from deployments.server.reap_runs import Unseen, reap
from deployments.server.registry import autoscale_deployment, deployments
from deployments.server.restart_down import EVERY_SECONDS as RESTART_SECONDS
from deployments.server.restart_down import Restarts
from deployments.server.watchdog import Watchdog, keep_automation
from infra_specs.errors import ServerError
from tasks.base.poll import until
from tasks.base.settings import Settings, settings
from tasks.run.redacted_logs import redact_logs
from tasks.supervisor.folder import short

RUNS_AT_ONCE = 16
SERVER_SECONDS = 180.0


async def serve(ready: Path) -> None:
    """Serve until told to end. What dies with it is swept up by the next one."""
    redact_logs()
    config = settings()
    await _server_proves_itself(config)
    runner = Runner(name="tenfold", limit=RUNS_AT_ONCE, pause_on_shutdown=False)
    for deployment in await deployments(config):
        await runner.aadd_deployment(deployment)
    ticking = await (await autoscale_deployment(config)).aapply()
    unseen = Unseen()
    async with get_client() as client:
        await reap(client, config, unseen)  # before they are taken: after an outage nobody waits for its ticks
        await keep_automation(client, config)
    control = control_folder(config)
    beside = [
        asyncio.create_task(_listen(runner, ready)),
        asyncio.create_task(repeat("ticked", LOOK_SECONDS, lambda client: run_due_tick(client, ticking))),
        asyncio.create_task(repeat("swept", REAP_SECONDS, lambda client: reap(client, config, unseen))),
        asyncio.create_task(repeat("trimmed", PRUNE_SECONDS, prune)),
        asyncio.create_task(repeat("watched", config.autoscale_seconds, Watchdog(config).look)),
        asyncio.create_task(repeat("supervised", SUPERVISED_SECONDS, lambda client: keep_supervised(control, client))),
        asyncio.create_task(repeat("started again", RESTART_SECONDS, Restarts(config).look)),
    ]
    try:
        await runner.start()
    finally:
        for task in beside:
            task.cancel()


async def _listen(runner: Runner, path: Path) -> None:
    """Be reachable once runs are taken, and not before: that is what `ready` means to who started us."""

    async def started() -> bool:
        return runner.started

    await until(started, bool, SERVER_SECONDS)
    async with await asyncio.start_unix_server(_answer, sock=_bound(path)) as listening:
        await listening.serve_forever()


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    with short(path) as name:
        bound.bind(name)
    path.chmod(0o600)
    return bound


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
