"""Inside the warm process: scheduled runs side by side in one event loop, with one HTTP client.

It reads a flow's name and a run a line, and says of each that it has begun and has ended. It ends with who asked it.
"""

import asyncio
import inspect
import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from prefect import Flow
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.context import AsyncClientContext
from prefect.flow_engine import run_flow
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.states import Cancelled

from flows.advise import advise
from flows.autoscale import autoscale
from flows.reconcile import reconcile
from tasks.run.held_logs import held_log
from tasks.supervisor.folder import short

FLOWS: Mapping[str, Flow[..., Any]] = {flow.name: flow for flow in (autoscale, reconcile, advise)}
"""The flows that are on a schedule."""
BEGUN, ENDED = "begun", "ended"
LONGEST_LINE = 1 << 20
"""Bytes of a flow run as JSON."""
CANCEL_LOOK_SECONDS = 2.0
"""Between two looks whether somebody cancelled a run. Most have ended before the first."""
log = logging.getLogger(__name__)


def work(path: Path) -> None:
    """In the process of its own: run what is asked for through the socket at `path`. Ends with who asks."""
    # A heartbeat is a thread, an event and up to a second of each run. Who has died is known from the ledger.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        asyncio.run(_work(path))


async def _work(path: Path) -> None:
    with short(path) as name:
        reader, writer = await asyncio.open_unix_connection(name, limit=LONGEST_LINE)
    under_way = set[asyncio.Task[None]]()
    async with AsyncClientContext.get_or_create() as context:  # for every run: opening one costs more than a check
        while line := await reader.readline():
            flow, run = json.loads(line)
            task = asyncio.create_task(_run(context.client, FLOWS[flow], FlowRun.model_validate_json(run), writer))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        os._exit(0)  # a thread that hangs on a target holds nothing up


async def _run(client: PrefectClient, flow: Flow[..., Any], run: FlowRun, writer: asyncio.StreamWriter) -> None:
    _say(writer, BEGUN, run)
    try:
        state = (await client.read_flow_run(run.id)).state
        if state and state.is_scheduled():  # it waited for its time: somebody may have cancelled it meanwhile
            await _run_until_cancelled(client, flow, run)
    except Exception:  # the server is away, or somebody deleted the run
        log.exception("Nobody can tell whether a run of %s is still to begin.", flow.name)
    finally:
        _say(writer, ENDED, run)


async def _run_until_cancelled(client: PrefectClient, flow: Flow[..., Any], run: FlowRun) -> None:
    running = asyncio.create_task(_run_flow(flow, run))
    try:
        while not (await asyncio.wait({running}, timeout=CANCEL_LOOK_SECONDS))[0]:
            if await _is_cancelled(client, run):
                running.cancel()
                await asyncio.wait({running})
                await client.set_flow_run_state(run.id, Cancelled(message="It was cancelled."), force=True)
    except Exception:  # the server is away, or somebody deleted the run
        log.exception("Nobody can tell whether %s was cancelled.", flow.name)
        await asyncio.wait({running})


async def _run_flow(flow: Flow[..., Any], run: FlowRun) -> None:
    with held_log() as held:
        try:
            ended = run_flow(flow, flow_run=run, return_type="state")
            assert inspect.iscoroutine(ended)
            await ended
        except Exception:  # the run's own failures are states
            held.keep()
            log.exception("A run of %s came to no end.", flow.name)


async def _is_cancelled(client: PrefectClient, run: FlowRun) -> bool:
    state = (await client.read_flow_run(run.id)).state
    return state is not None and state.is_cancelling()


def _say(writer: asyncio.StreamWriter, word: str, run: FlowRun) -> None:
    with suppress(OSError):
        writer.write(json.dumps([word, str(run.id)]).encode() + b"\n")
