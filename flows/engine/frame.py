"""What every flow needs: the flow decorator, a session on a stack, an open target, an open ledger."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import partial, wraps
from typing import Any, ParamSpec

from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.engine.bound import bounded
from flows.engine.converge import Report
from flows.engine.early import refuse_early
from flows.engine.fleet import on_ready_fleet
from flows.engine.run_info import is_asked_for, silence_prefect
from infra_specs.desired import StackSnapshot, refuse_changed_target
from infra_specs.errors import LedgerError, PlanError, TenfoldError
from infra_specs.stackfile.models.stack import Stack
from tasks.base.known_secrets import known_secrets
from tasks.base.settings import settings
from tasks.changes.artifacts import show_failure
from tasks.changes.observe import observe
from tasks.ledger import Ledger
from tasks.providers import open_provider
from tasks.providers.seam.provider import KindProvider
from tasks.run.context import RunContext, use
from tasks.run.liveness import alive_while
from tasks.run.lock import stack_lock
from tasks.run.redacted_logs import redact_logs
from tasks.run.tags import NOTABLE, REJECTED, tag_run
from tasks.stack.record import recorded_snapshot, recorded_spec, snapshot_of

P = ParamSpec("P")
MAX_CALLS = 32
"""Concurrent calls to targets in one run."""
LOGIN_VARIABLE = "PREFECT_API_AUTH_STRING"
"""Prefect's runner passes the control plane's login in this variable. Prefect has read it when the flow begins."""


def frame(function: Callable[P, Coroutine[Any, Any, Report]]) -> Flow[P, Coroutine[Any, Any, State[Any]]]:
    """Make a flow of a coroutine that returns a report.

    The run is named `verb stack`. A TenfoldError fails the run with its own message and without a traceback. Any other
    error is a bug and is logged with its traceback.
    """

    @wraps(function)
    async def run_frame(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        allow_calls(0)
        if login := os.environ.pop(LOGIN_VARIABLE, ""):  # no child process may inherit it
            known_secrets.learn("login", login.partition(":")[2])
        silence_prefect()
        redact_logs()
        log, asked_for = get_run_logger(), is_asked_for()
        if asked_for:
            await tag_run(NOTABLE)
        try:
            async with open_ledger() as ledger, alive_while(ledger, function.__name__, str(flow_run.id)):
                report = await bounded(function.__name__, function(*args, **kwargs), asked_for=asked_for)
        except TenfoldError as error:
            message = known_secrets.shown(str(error))
            log.error("%s", message)  # noqa: TRY400 - the message is complete without a traceback
            await show_failure(message)
            await tag_run(NOTABLE, *((REJECTED,) if isinstance(error, PlanError) else ()))
            return Failed(message=message)
        except Exception as error:  # a bug: handled here, since Prefect's own message could contain secrets
            log.exception("Encountered an exception during execution:")
            await tag_run(NOTABLE)
            return Failed(message=f"{type(error).__name__}: {known_secrets.shown(str(error))}")
        if report.changes:
            await tag_run(NOTABLE)
        log.info("Done: %s", report.summary)
        return Completed(message=known_secrets.shown(report.summary))

    return flow(name=function.__name__, flow_run_name=_run_name, persist_result=False)(run_frame)


def allow_calls(more: int) -> None:
    """Let this run make `MAX_CALLS` concurrent calls and so many more. Calls that are under way go on."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(MAX_CALLS + more))


@asynccontextmanager
async def stack_session(
    name: str,
    ledger: Ledger,
    verb: str,
    *,
    asked: tuple[Stack, str] | None = None,
    change: Callable[[Stack], Stack] = lambda stack: stack,
    wait: bool = False,
    patience: float = 0.0,
) -> AsyncIterator[tuple[RunContext, StackSnapshot]]:
    """Hold the stack's lock and open its target, until the block ends. Yields the context and a snapshot of the stack.

    Spec and folder are those of `asked`, else those of the ledger. All is read once, under the lock, since the run
    that held it may have changed it. A provision brings the stack's fleet up first, and the timer looks after it.
    `change` is applied to the spec. `patience`: seconds that it waits for whoever holds the lock. Raises UnknownStack
    before it takes the lock; PlanError for a changed target, or if the target has a stack of this name that the ledger
    does not know.
    """
    config = settings()
    if asked is None:
        await asyncio.to_thread(recorded_spec, ledger, name)
    async with stack_lock(ledger, name, verb, config.lease_seconds, wait=wait, patience=patience) as lease:
        recorded = partial(recorded_snapshot, ledger, name, with_releases=verb != "teardown")
        snapshot = await asyncio.to_thread(partial(snapshot_of, ledger, *asked) if asked else recorded)
        snapshot = snapshot.with_stack(change(snapshot.stack))
        refuse_changed_target(snapshot)
        refuse = partial(refuse_early, ledger, snapshot)
        snapshot = snapshot.with_stack(await on_ready_fleet(ledger, snapshot.stack, verb, refuse))
        async with open_target(snapshot.stack) as provider:
            context = RunContext(provider, ledger, lease)
            with suppress(LedgerError):  # a lost key must not prevent a teardown
                await asyncio.to_thread(ledger.secrets.learn, name)
            if snapshot.recorded_target is None:
                await _refuse_what_is_not_ours(context)
            yield context, snapshot


@asynccontextmanager
async def open_target(stack: Stack) -> AsyncIterator[KindProvider]:
    """Open the target of a stack until the block ends."""
    provider = await asyncio.to_thread(open_provider, stack.target, settings().home)
    try:
        yield provider
    finally:
        await asyncio.to_thread(provider.close)


@asynccontextmanager
async def open_ledger() -> AsyncIterator[Ledger]:
    """Open the ledger of this installation until the block ends."""
    ledger = await asyncio.to_thread(Ledger.open, settings())
    try:
        yield ledger
    finally:
        await asyncio.to_thread(ledger.close)


def _run_name() -> str:
    """Such as `provision shop`: verb and stack, and no value that could be a secret."""
    parameters = flow_run.parameters
    spec = parameters.get("spec") or {}
    stack = (
        parameters.get("stack")
        or parameters.get("fleet")
        or (spec.get("name") if isinstance(spec, dict) else None)
        or "all stacks"
    )
    return f"{flow_run.flow_name} {stack}"


async def _refuse_what_is_not_ours(context: RunContext) -> None:
    """Raise PlanError if the target has instances of a stack that the ledger does not know: they belong to another
    installation."""
    with use(context):
        instances = await observe(context.stack)
    if instances:
        raise PlanError(
            f"There is a stack {context.stack} on this target which this installation did not make ({instances[0]}"
            f"{f' and {len(instances) - 1} more' if instances[1:] else ''}): it is another installation's, or of a "
            "ledger that is lost. Give yours another name, or put that ledger back, or take the other down first."
        )
