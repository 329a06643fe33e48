"""What every flow begins and ends with."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from functools import wraps
from typing import Any, ParamSpec

from prefect import Flow, flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.engine.converge import Report
from flows.engine.run_log import speak_plainly
from infra_specs.errors import LedgerError, PlanError, TenfoldError
from infra_specs.stackfile.models.stack import Stack
from tasks.base.known_secrets import known
from tasks.base.settings import settings
from tasks.changes.artifacts import show_failure
from tasks.changes.observe import observe
from tasks.ledger import Ledger
from tasks.providers import open_provider
from tasks.providers.base import Provider
from tasks.run.context import Site, at
from tasks.run.liveness import present
from tasks.run.lock import locked
from tasks.run.redacted_logs import redact_logs
from tasks.run.rejection import mark_refused
from tasks.stack.record import remembered

P = ParamSpec("P")
at_once = 32
"""Calls to a target that may be under way at the same time in one run."""
LOGIN_VARIABLE = "PREFECT_API_AUTH_STRING"
"""Prefect's runner gives the control plane's login to a run by it. Prefect has read it when the flow begins."""


def runbook(function: Callable[P, Coroutine[Any, Any, Report]]) -> Flow[P, Coroutine[Any, Any, State[Any]]]:
    """Make a flow of a coroutine that ends in a report.

    The run is named `verb stack`. An error of ours fails the run with its own message, as a person needs it, and
    without a traceback; anything else is a bug and shows as one.
    """

    @wraps(function)
    async def told(*args: P.args, **kwargs: P.kwargs) -> State[Any]:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(at_once))
        if login := os.environ.pop(LOGIN_VARIABLE, ""):  # no program that a run starts shall have it
            known.learn("login", login.partition(":")[2])
        speak_plainly()
        redact_logs()
        log = get_run_logger()
        with present(settings().home, str(flow_run.id)):
            try:
                report = await function(*args, **kwargs)
            except TenfoldError as error:
                message = known.redacted(str(error))
                log.error("%s", message)  # noqa: TRY400 - a person reads it, and a traceback says nothing more
                await show_failure(message)
                if isinstance(error, PlanError):
                    await mark_refused()
                return Failed(message=message)
            except Exception as error:  # a bug: told here, since Prefect's own message would tell secrets
                log.exception("Encountered an exception during execution:")
                return Failed(message=f"{type(error).__name__}: {known.redacted(str(error))}")
            log.info("Done: %s", report.summary)
            return Completed(message=known.redacted(report.summary))

    return flow(name=function.__name__, flow_run_name=_run_name, persist_result=False)(told)


@asynccontextmanager
async def on_site(
    name: str,
    ledger: Ledger,
    verb: str,
    *,
    asked: tuple[Stack, str] | None = None,
    change: Callable[[Stack], Stack] = lambda stack: stack,
    wait: bool = False,
) -> AsyncIterator[tuple[Site, Stack, str]]:
    """The stack's lock held and its target opened, until the end.

    Comes with the spec and its source folder: as `asked`, or as the ledger knows them. They are read under the lock,
    since who was waited for may have changed them; `change` is made to what was read. Raises LedgerError for an unknown
    stack before it takes the lock; PlanError for a changed target, or for one that holds a stack of this name which
    this ledger does not know.
    """
    here = settings()
    if asked is None:
        remembered(ledger, name)
    async with locked(ledger, name, verb, here.lease_seconds, wait=wait) as hold:
        stack, source = asked or remembered(ledger, name)
        stack = change(stack)
        _refuse_changed_target(stack, ledger)
        async with on_target(stack) as provider:
            site = Site(provider, ledger, hold)
            with suppress(LedgerError):  # a lost key must not keep anybody from a teardown
                await asyncio.to_thread(ledger.learn_secrets, name)
            if ledger.wanted(name) is None:
                await _refuse_what_is_not_ours(site)
            yield site, stack, source


@asynccontextmanager
async def on_target(stack: Stack) -> AsyncIterator[Provider]:
    """The target of a stack opened, until the end."""
    provider = await asyncio.to_thread(open_provider, stack.target, settings().home)
    try:
        yield provider
    finally:
        await asyncio.to_thread(provider.close)


@asynccontextmanager
async def opened_ledger() -> AsyncIterator[Ledger]:
    """The ledger of this installation, open."""
    ledger = await asyncio.to_thread(Ledger.open, settings())
    try:
        yield ledger
    finally:
        await asyncio.to_thread(ledger.close)


def _run_name() -> str:
    """`provision shop`: what the run does, without a value that could be a secret."""
    parameters = flow_run.parameters
    spec = parameters.get("spec") or {}
    stack = parameters.get("stack") or (spec.get("name") if isinstance(spec, dict) else None) or "all stacks"
    return f"{flow_run.flow_name} {stack}"


async def _refuse_what_is_not_ours(site: Site) -> None:
    """Nothing is made before the ledger knows the stack: what is there of one that it does not know is another's."""
    with at(site):
        there = await observe(site.stack)
    if there:
        raise PlanError(
            f"There is a stack {site.stack} on this target which this installation did not make ({there[0]}"
            f"{f' and {len(there) - 1} more' if there[1:] else ''}): it is another installation's, or of a ledger that "
            "is lost. Give yours another name, or put that ledger back, or take the other down first."
        )


def _refuse_changed_target(stack: Stack, ledger: Ledger) -> None:
    known = ledger.wanted(stack.name)
    if known is None or known.target == stack.target.provider:
        return
    there, first = ("runs", "") if known.wanted else ("was torn down", " and its data is still there")
    raise PlanError(
        f"{stack.name} {there} on target {known.target}{first}, and the spec says {stack.target.provider}. A target is "
        f"not changed in place: run tenfold teardown {stack.name} --delete-data first, or give this stack another name."
    )
