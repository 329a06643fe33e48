"""Prefect's runner, with runs that are forks of the template in place of a new Python each.

All else is the runner's own: it reports states, keeps to its limit, cancels, and tells a crash by the exit code.
"""

import asyncio
import json
import logging
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn, Self

import anyio.abc
from prefect.client.schemas.objects import FlowRun
from prefect.runner import Runner
from prefect.runner._process_manager import ProcessHandle

from deployments.server.run_template import WARM
from infra_specs.errors import ServerError

FORK_SECONDS = 30.0
"""How long the template may take to answer: it does so at once, unless it hangs."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class ForkedProcess:
    """The process of a run, as Prefect's runner looks at it. `returncode` is None until it has ended."""

    pid: int
    returncode: int | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Template:
    """The template as the serving process asks it. Open it with `async with`, in the loop that asks."""

    def __init__(self, asked: socket.socket) -> None:
        self._socket = asked
        self._forks: dict[str, asyncio.Future[ForkedProcess]] = {}
        """By run: who waits for its process."""
        self._processes: dict[int, ForkedProcess] = {}

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_unix_connection(sock=self._socket)
        self._listening = asyncio.create_task(self._listen(reader))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._listening.cancel()
        self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def fork(self, run: str, variables: Mapping[str, str]) -> ForkedProcess:
        """Start the process of a run, with these variables beside ours. Raises ServerError if none can be started.

        If the template does not answer, this process ends.
        """
        answer: asyncio.Future[ForkedProcess] = asyncio.get_running_loop().create_future()
        self._forks[run] = answer
        try:
            self._writer.write(json.dumps({"run": run, "variables": dict(variables)}).encode() + b"\n")
            await asyncio.wait({answer}, timeout=FORK_SECONDS)
            if not answer.done():
                _end(f"does not answer within {FORK_SECONDS:g} s")
            return answer.result()
        finally:
            del self._forks[run]

    async def fork_warm(self, path: Path) -> ForkedProcess:
        """Start the process of the scheduled runs, which connects to the socket at `path`."""
        return await self.fork("scheduled runs", {WARM: str(path)})

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        try:
            while line := await reader.readline():
                self._hear(json.loads(line))
        except Exception:  # nobody awaits this
            log.exception("The process that runs are forked from is not understood.")
            _end("cannot be heard")
        _end("has ended")

    def _hear(self, message: Mapping[str, Any]) -> None:
        if "code" in message:
            process = self._processes.pop(message["pid"])
            process.returncode = message["code"]
            process.ended.set()
            return
        waiting = self._forks.get(message["run"])
        if "fault" in message:
            fault: Any = ServerError(message["fault"])
            if waiting and not waiting.done():
                waiting.set_exception(fault)
            return
        process = self._processes[message["pid"]] = ForkedProcess(message["pid"])
        if waiting and not waiting.done():
            waiting.set_result(process)


def _end(fault: str) -> NoReturn:
    """Nobody could tell the end of a run any more. Our supervisor ends the runs with us, and starts us again."""
    log.critical("The process that runs are forked from %s, and this one ends with it.", fault)
    os._exit(1)


class ForkingRunner(Runner):
    """Prefect's runner, whose runs are forks of the template."""

    def __init__(self, template: Template, *, name: str, limit: int) -> None:
        super().__init__(name=name, limit=limit, pause_on_shutdown=False)
        self._template = template

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        self._scheduled_run_poller._resolve_starter = lambda _: _ForkingStarter(self, self._template)
        return self


@dataclass(frozen=True, slots=True)
class _ForkingStarter:
    """What the runner calls to start a process; see `ProcessStarter` in `prefect.runner._flow_run_executor`."""

    runner: ForkingRunner
    template: Template

    async def start(
        self, flow_run: FlowRun, task_status: anyio.abc.TaskStatus[ProcessHandle] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Start the process of a run, tell which it is, and wait for its end."""
        try:
            process = await self.template.fork(str(flow_run.id), self._variables(flow_run))
        except BaseException:
            self.runner._control_channel.unregister(flow_run.id)
            raise
        task_status.started(ProcessHandle(process))  # type: ignore[arg-type]  # it asks for `pid` and `returncode`
        await process.ended.wait()

    def _variables(self, flow_run: FlowRun) -> dict[str, str]:
        """As `EngineCommandStarter` sets them, beside the environment that a fork has anyway."""
        variables = {
            "PREFECT__FLOW_RUN_ID": str(flow_run.id),
            "PREFECT__STORAGE_BASE_PATH": str(self.runner._tmp_dir),
            "PREFECT__ENABLE_CANCELLATION_AND_CRASHED_HOOKS": "false",
        }
        if name := self.runner._get_deployment_name(flow_run):
            variables["PREFECT__DEPLOYMENT_NAME"] = name
        with suppress(RuntimeError):  # where no channel could be opened a run is cancelled by a signal alone
            port, token = self.runner._control_channel.register(flow_run.id)
            variables |= {"PREFECT__CONTROL_PORT": str(port), "PREFECT__CONTROL_TOKEN": token}
        return variables
