"""A push from the API's process to the serving one: a request may have made a run due, so that nobody polls for it."""

import asyncio
import re
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from deployments.server.front_door import Application, Receive, Scope, Send
from deployments.server.unix_sockets import bound
from tasks.base.settings import Settings
from tasks.supervisor.folder import short

_MAKES_RUNS = re.compile(r"/api/(flow_runs|deployments/[^/]+/create_flow_run(/bulk)?|flow_runs/[^/]+/resume)/?")


def makes_runs(method: str, path: str) -> bool:
    """Whether a run may be due at once after such a request. A retry by hand is found by the next poll."""
    return method == "POST" and _MAKES_RUNS.fullmatch(path) is not None


def push_socket(here: Settings) -> Path:
    """Where the serving process hears pushes."""
    return here.home / "control" / "due.sock"


class Pushing:
    """An ASGI application around Prefect's, which calls `push` after each request that may make a run due."""

    def __init__(self, inner: Application, push: Callable[[], None]) -> None:
        self._inner = inner
        self._push = push

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass it on, and push once it is answered."""
        await self._inner(scope, receive, send)
        if scope["type"] == "http" and makes_runs(scope["method"], scope["path"]):
            self._push()


class DuePush:
    """Pushes to the socket at `path`. Whoever does not hear it polls."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)

    def __call__(self) -> None:
        with suppress(OSError), short(self._path) as name:
            self._socket.sendto(b"due", name)


class _Heard(asyncio.DatagramProtocol):
    def __init__(self, push: Callable[[], None]) -> None:
        self._push = push

    def datagram_received(self, *_: object) -> None:
        self._push()


async def hear_pushes(path: Path, push: Callable[[], None]) -> asyncio.DatagramTransport:
    """Call `push` for each push to the socket at `path`, until the transport is closed."""
    hearing = bound(path, socket.SOCK_DGRAM)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Heard(push), sock=hearing)
    return transport
