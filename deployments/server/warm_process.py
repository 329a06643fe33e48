"""The warm process: scheduled runs in one long-lived process that has everything loaded. If it dies, there is another.

A new interpreter for every run would be most of what a machine spends on looking whether there is something to do. So
would a fork of a loaded process: each opens connections of its own, and copies the memory that it touches.
"""

import asyncio
import json
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from prefect.client.schemas.objects import FlowRun

from deployments.server.forked_runs import ForkedProcess
from deployments.server.unix_sockets import bound
from deployments.server.warm_runs import BEGUN

BEGIN_SECONDS = 30.0
"""How long the process may take to begin a run: it answers at once, on a machine that lets it."""
LONGEST_SECONDS = 60.0
"""Of a run, which ends itself long before. A process in which a run takes longer hangs."""
log = logging.getLogger(__name__)
Fork = Callable[[Path], Awaitable[ForkedProcess]]
"""Fork a process that runs `warm_runs.work` with the socket at a path."""


class WarmProcess:
    """Started when it is first needed, and replaced when it has ended or hangs."""

    def __init__(self, fork: Fork, path: Path) -> None:
        """`path`: where the process connects to us by a socket."""
        self._fork = fork
        self._path = path
        self._life: _Life | None = None
        self._starting = asyncio.Lock()
        self._closed = False

    async def run(self, flow: str, run: FlowRun) -> None:
        """Run a scheduled run of this flow to its end. If it hangs or dies, so does the process, and the next run gets
        another one: what became of this run is for `reap_runs`. Nothing is run after `close`."""
        async with self._starting:
            if self._closed:
                return
            if self._life is None or self._life.is_over:
                self._life = await _Life.begin(self._fork, self._path)
            life = self._life
        if fault := await life.run(flow, run):
            log.error("The process of the scheduled runs %s during a run of %s, and is replaced.", fault, flow)
            await life.end()

    async def close(self) -> None:
        """End the process, for good."""
        self._closed = True
        async with self._starting:
            if self._life:
                await self._life.end()


@dataclass(slots=True)
class _Asked:
    """A run that the process was asked for. Both come true, or false if the process is gone."""

    begun: "asyncio.Future[bool]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    ended: "asyncio.Future[bool]" = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class _Life:
    """One process, from its fork to its end."""

    def __init__(self, process: ForkedProcess, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._process = process
        self._writer = writer
        self._asked: dict[str, _Asked] = {}
        self.is_over = False
        self._listening = asyncio.create_task(self._listen(reader))

    @classmethod
    async def begin(cls, fork: Fork, path: Path) -> "_Life":
        """Fork it, and wait until it has connected. Raises TimeoutError."""
        connected: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
        connected = asyncio.get_running_loop().create_future()

        def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connected.set_result((reader, writer))

        listening = await asyncio.start_unix_server(connect, sock=bound(path, socket.SOCK_STREAM))
        try:
            process = await fork(path)
            try:
                async with asyncio.timeout(BEGIN_SECONDS):
                    return cls(process, *await connected)
            except BaseException:
                _kill(process)
                raise
        finally:
            listening.close()

    async def run(self, flow: str, run: FlowRun) -> str:
        """Run it to its end. Returns what is wrong with the process; empty if nothing is."""
        asked = self._asked[str(run.id)] = _Asked()
        try:
            self._writer.write(json.dumps([flow, run.model_dump_json()]).encode() + b"\n")
            async with asyncio.timeout(BEGIN_SECONDS):
                begun = await asked.begun
            async with asyncio.timeout(LONGEST_SECONDS):
                return "" if begun and await asked.ended else "ended"
        except TimeoutError:
            return "hangs"
        finally:
            del self._asked[str(run.id)]

    async def end(self) -> None:
        """Kill it, and tell all who wait for it."""
        self.is_over = True
        for asked in self._asked.values():
            _settle(asked.begun, value=False)
            _settle(asked.ended, value=False)
        self._writer.close()
        _kill(self._process)
        await self._process.ended.wait()

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Note what the process says, until it is gone."""
        with suppress(OSError):
            while line := await reader.readline():
                word, run = json.loads(line)
                if asked := self._asked.get(run):
                    _settle(asked.begun if word == BEGUN else asked.ended, value=True)
        if not self.is_over:
            await self.end()


def _kill(process: ForkedProcess) -> None:
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def _settle(future: "asyncio.Future[bool]", *, value: bool) -> None:
    if not future.done():
        future.set_result(value)
