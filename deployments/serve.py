"""The process that serves our flows: registers them, runs what is due, and sweeps up after crashes.

`python -m deployments.serve SOCKET` listens on the unix socket SOCKET from the moment it takes runs.
"""

import asyncio
import socket
import sys
from pathlib import Path

import httpx
from prefect.runner import Runner
from prefect.settings import get_current_settings

from deployments.served import deployments
from deployments.sweep import sweep_for_ever
from tasks.settings import settings
from tasks.supervisor.folder import short

runs_at_once = 16
server_seconds = 180.0


async def serve(ready: Path) -> None:
    """Serve until told to end. What dies with it is swept up by the next one."""
    here = settings()
    await _server_answers()
    runner = Runner(name="tenfold", limit=runs_at_once, pause_on_shutdown=False)
    for deployment in await deployments(here):
        await runner.aadd_deployment(deployment)
    listening = await asyncio.start_unix_server(_hang_up, sock=_bound(ready))
    sweeping = asyncio.create_task(sweep_for_ever(here))
    try:
        await runner.start()
    finally:
        sweeping.cancel()
        listening.close()


def _bound(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)
    bound = socket.socket(socket.AF_UNIX)
    with short(path) as name:
        bound.bind(name)
    path.chmod(0o600)
    return bound


async def _hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def _server_answers() -> None:
    """The server is started beside us and needs a moment."""
    url = f"{get_current_settings().api.url}/health"
    async with httpx.AsyncClient() as client:
        for _ in range(int(server_seconds / 0.1)):
            try:
                if (await client.get(url)).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
