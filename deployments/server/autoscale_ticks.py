"""Runs of autoscale, one after the other, each in a process forked from one that has everything loaded already.

Prefect's own runner starts a Python for every run: at one in fifteen seconds most of what a machine would spend on
looking whether there is something to do. On a machine that is too busy these runs come late, and never pile up.
"""

import asyncio
import inspect
import logging
from multiprocessing import get_context
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.flow_engine import load_flow_run, run_flow

from flows.autoscale import autoscale
from tasks.base.clock import utc_now

LOOK_SECONDS = 1.0
LONGEST_SECONDS = 120.0
"""Of a check; one that takes longer hangs, and is ended so that the next can begin."""
log = logging.getLogger(__name__)
_forked = get_context("forkserver")
_forked.set_forkserver_preload(["deployments.server.autoscale_ticks"])


async def run_due_tick(client: PrefectClient, deployment: UUID) -> bool:
    """Run the newest due run to its end; False if none was due. The older ones are cancelled by `reap_runs`."""
    due = await client.get_scheduled_flow_runs_for_deployments([deployment], scheduled_before=utc_now())
    if not due:
        return False
    await asyncio.to_thread(_in_a_process, str(_next(due).id))
    return True


def _next(due: list[FlowRun]) -> FlowRun:
    """A person's own first."""
    return next((run for run in due if not run.auto_scheduled), None) or max(due, key=_expected)


def _expected(run: FlowRun) -> float:
    return run.expected_start_time.timestamp() if run.expected_start_time else 0.0


def _in_a_process(run: str) -> None:
    process = _forked.Process(target=_run, args=(run,), name=f"autoscale {run}")
    process.start()
    process.join(LONGEST_SECONDS)
    if process.exitcode is None:
        log.error("A check of the scaling takes more than %.0f s and is ended.", LONGEST_SECONDS)
        process.kill()
        process.join()
    elif process.exitcode:
        log.error("A check of the scaling ended with %d.", process.exitcode)


def _run(run: str) -> None:
    """In the process of its own."""
    done = run_flow(autoscale, flow_run=load_flow_run(UUID(run)), return_type="state")
    if inspect.iscoroutine(done):
        asyncio.run(done)
