"""Run: a one-off command in the environment of a service's replica."""

import asyncio
import logging
import shlex
from contextlib import suppress
from typing import Literal

from prefect.logging import get_run_logger
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run

from flows.engine.apply_plan import apply_plan
from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger, open_target, stack_session
from infra_specs.app_text.reader import AppText
from infra_specs.app_text.shown import parts, shown_tail
from infra_specs.desired import desired_as_deployed, one_off_job
from infra_specs.errors import ChangeFailed, LedgerError, LockHeld, PlanError, TenfoldError
from infra_specs.plan.plan import Change, Plan
from infra_specs.resources.address import RUN, Address
from infra_specs.resources.instance import Health, Instance
from infra_specs.stackfile.models.stack import Stack
from tasks.base.known_secrets import known_secrets
from tasks.base.settings import settings
from tasks.changes.artifacts import show_exit_code
from tasks.changes.observe import observe
from tasks.changes.one_off import OUTPUT_LOGGER, follow, hold_claim
from tasks.ledger import Ledger, Owner
from tasks.run.context import RunContext, use
from tasks.stack.commands import run_hints
from tasks.stack.record import recorded_spec

LAST_LINES = 20


@frame
async def run(stack: str, service: str, command: str, entrypoint: str | None = None, wait: bool = False) -> Report:
    """Run a command once beside a running stack: in the image, environment and network of one of its services.

    What it writes is in the run's log, and the run fails if it ends with anything but 0. Nobody is kept from changing
    the stack meanwhile; a teardown ends it. The command can be seen in the run, so no secret belongs in it.

    Args:
        stack: The stack's name.
        service: As a replica of which of its services, for example web.
        command: The command, as a shell would split it; it runs without a shell.
        entrypoint: What the command is given to, in place of the service's own `entrypoint`: words, `image` for that of
            the image, or nothing at all. Not said, it is the service's own.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    argv, address = _words(command), Address("job", RUN, str(flow_run.id)[:8])
    given = _words(entrypoint) if entrypoint else None if entrypoint is None else []
    async with open_ledger() as ledger:
        await asyncio.to_thread(recorded_spec, ledger, stack)
        owner = Owner.here("run", flow_run_id=str(flow_run.id))
        async with hold_claim(ledger, stack, str(address), owner, settings().lease_seconds):
            context, job, hints = await _begun(ledger, stack, service, argv, address, entrypoint=given, wait=wait)
            health, last = await _to_the_end(ledger, context, job)
            summary = f"{shlex.join(argv)}: {await asyncio.to_thread(context.redacted, health.reason)}"
            await _removed(ledger, job, summary, "done" if health.state == "healthy" else "failed")
    if health.code is not None:
        await show_exit_code(health.code)
    if health.state == "healthy":
        return Report(stack, summary, (), (), {})
    for hint in hints:
        get_run_logger().warning("%s", hint)
    await APILogHandler.aflush()  # as the command's own lines
    quoted = f"The last lines that it wrote:\n{last}" if last else "It wrote nothing."
    raise ChangeFailed("\n".join([f"{summary} (as {service} of {stack}).", quoted, *hints]))


async def _begun(
    ledger: Ledger,
    stack: str,
    service: str,
    argv: list[str],
    address: Address,
    *,
    entrypoint: list[str] | None,
    wait: bool,
) -> tuple[RunContext, Instance, tuple[str, ...]]:
    """Start the job under the stack's lock, and release the lock as soon as it runs. Also: why it may come to fail."""
    async with stack_session(stack, ledger, "run", wait=wait) as (context, snapshot):
        if not snapshot.is_active:
            raise PlanError(f"{stack} is torn down. Bring it back first: tenfold provision {stack}")
        desired = desired_as_deployed(snapshot)
        _refuse_entrypoint(desired.stack, entrypoint)
        job = one_off_job(snapshot, desired, address, service, argv, entrypoint=entrypoint)
        hints: tuple[str, ...] = ()
        with suppress(TenfoldError):  # a command runs also where nothing can be said of it
            hints = await asyncio.to_thread(run_hints, context.provider, desired, job, service, entrypoint)
        label = f"{service}: {shlex.join(argv)}"
        await _do(context, Change("create", job.address, label, job), "done")
        get_run_logger().info("%s runs %s", job.address, label)
        return context, context.instances[job.address], hints


async def _to_the_end(ledger: Ledger, context: RunContext, job: Instance) -> tuple[Health, str]:
    """Wait for the job's end without a lock. Returns its health and its last log lines."""
    spec, _ = await asyncio.to_thread(recorded_spec, ledger, context.stack)
    lines: list[str] = []
    reader = AppText(lambda: known_secrets.redaction)

    def say(written: list[str]) -> None:
        lines[:] = [*lines, *written][-LAST_LINES:]
        for part in parts(written):  # Prefect drops entries of a megabyte
            logging.getLogger(OUTPUT_LOGGER).info("%s", part)

    def take(text: str) -> None:
        with suppress(LedgerError):  # secrets that were read before are still redacted
            ledger.secrets.learn(context.stack)
        say(reader.take(f"{text}\n"))

    async with open_target(spec) as provider:
        health = await follow(provider, job, take)
    say(reader.end())
    await APILogHandler.aflush()  # a follower must have the whole log when the run ends
    return health, shown_tail(lines)


async def _removed(ledger: Ledger, job: Instance, label: str, state: Literal["done", "failed"]) -> None:
    """Remove the job under the stack's lock. If another run holds the lock, the next run removes the job."""
    try:
        async with stack_session(job.stack, ledger, "run") as (context, _):
            await _do(context, Change("destroy", job.address, label, instance=job), state)
    except (LockHeld, LedgerError) as busy:  # another run changes the stack, or has torn it down
        get_run_logger().info("%s is left to whoever looks next: %s", job, busy)


async def _do(context: RunContext, change: Change, state: Literal["done", "failed"]) -> None:
    """Apply a single change. `how`: the recorded state of its run, if the change succeeds."""
    plan = Plan(context.stack, ((change,),), (), 0)
    with use(context):
        await observe(context.stack)
        context.run_id = await asyncio.to_thread(
            context.ledger.runs.begin, context.lease, "run", change.reason, plan.data()
        )
        try:
            await apply_plan(plan)
        except TenfoldError as error:
            await asyncio.to_thread(context.ledger.runs.finish, context.lease, context.run_id, "failed", str(error))
            raise
        await asyncio.to_thread(context.ledger.runs.finish, context.lease, context.run_id, state, plan.done)


def _refuse_entrypoint(stack: Stack, entrypoint: list[str] | None) -> None:
    if entrypoint and stack.target.runs == "processes":
        raise PlanError(
            f"Only an image has an entrypoint, and the {stack.target.provider} target starts processes. Write its "
            "words at the beginning of the command."
        )


def _words(command: str) -> list[str]:
    try:
        argv = shlex.split(command)
    except ValueError:
        raise PlanError(f"The command cannot be split into words, a quote is never closed: {command}") from None
    if not argv or not argv[0]:
        raise PlanError("Give a command to run, for example: python manage.py migrate")
    return argv
