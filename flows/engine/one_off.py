"""A command once beside a running stack: begun under its lock, followed to its end without it, and removed."""

import asyncio
import logging
import shlex
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from prefect.logging import get_run_logger
from prefect.logging.handlers import APILogHandler
from prefect.runtime import flow_run

from flows.engine.apply_plan import apply_plan
from flows.engine.converge import Report
from flows.engine.frame import open_target, stack_session
from infra_specs.app_text.reader import AppText
from infra_specs.app_text.shown import parts, shown_tail
from infra_specs.desired import desired_as_deployed, one_off_job
from infra_specs.errors import ChangeFailed, LedgerError, LockHeld, PlanError, TenfoldError
from infra_specs.plan.plan import Change, Plan
from infra_specs.resources.address import RUN, Address
from infra_specs.resources.instance import Health, Instance
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.models.units import duration_text
from tasks.backups.undo import refuse_undo
from tasks.base.clock import now
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


@dataclass(frozen=True, slots=True)
class OneOff:
    """What is run as a replica of which service of a stack. `verb`: the flow that asks for it.

    `entrypoint`: what the command is given to, in place of the service's own; empty is nothing, and None its own.
    """

    verb: str
    stack: str
    service: str
    argv: Sequence[str]
    entrypoint: Sequence[str] | None = None
    wait: bool = False
    """Wait while somebody else changes the stack."""
    patience: float = 0.0
    """Seconds to wait for whoever changes the stack."""
    timeout: float | None = None
    """Seconds after which it is ended, and has failed."""

    @property
    def label(self) -> str:
        return f"{self.service}: {shlex.join(self.argv)}"


async def run_one_off(ledger: Ledger, command: OneOff) -> Report:
    """Run it to its end. What it writes is in the run's log. Raises ChangeFailed if it ends with anything but 0."""
    address = Address("job", RUN, str(flow_run.id)[:8])
    owner = Owner.here(command.verb, flow_run_id=str(flow_run.id))
    async with hold_claim(ledger, command.stack, str(address), owner, settings().lease_seconds):
        context, job, hints = await _begun(ledger, command, address)
        health, last = await _to_the_end(ledger, context, job, command.timeout)
        summary = f"{shlex.join(command.argv)}: {await asyncio.to_thread(context.redacted, health.reason)}"
        await _removed(ledger, command, job, summary, "done" if health.state == "healthy" else "failed")
    if health.code is not None:
        await show_exit_code(health.code)
    if health.state == "healthy":
        return Report(command.stack, summary, (), (), {})
    for hint in hints:
        get_run_logger().warning("%s", hint)
    await APILogHandler.aflush()  # as the command's own lines
    quoted = f"The last lines that it wrote:\n{last}" if last else "It wrote nothing."
    raise ChangeFailed("\n".join([f"{summary} (as {command.service} of {command.stack}).", quoted, *hints]))


async def _begun(ledger: Ledger, command: OneOff, address: Address) -> tuple[RunContext, Instance, tuple[str, ...]]:
    """Start the job under the stack's lock, and release the lock as soon as it runs. Also: why it may come to fail."""
    session = stack_session(command.stack, ledger, command.verb, wait=command.wait, patience=command.patience)
    async with session as (context, snapshot):
        if not snapshot.is_active:
            raise PlanError(f"{command.stack} is torn down. Bring it back first: tenfold provision {command.stack}")
        await asyncio.to_thread(refuse_undo, ledger, command.stack)
        desired = desired_as_deployed(snapshot)
        _refuse_entrypoint(desired.stack, command.entrypoint)
        job = one_off_job(snapshot, desired, address, command.service, command.argv, entrypoint=command.entrypoint)
        hints: tuple[str, ...] = ()
        with suppress(TenfoldError):  # a command runs also where nothing can be said of it
            hints = await asyncio.to_thread(
                run_hints, context.provider, desired, job, command.service, command.entrypoint
            )
        await _do(context, command.verb, Change("create", job.address, command.label, job), "done")
        get_run_logger().info("%s runs %s", job.address, command.label)
        return context, context.instances[job.address], hints


async def _to_the_end(ledger: Ledger, context: RunContext, job: Instance, seconds: float | None) -> tuple[Health, str]:
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
        try:
            async with asyncio.timeout(seconds) as limit:
                health = await follow(provider, job, take)
        except TimeoutError:
            if seconds is None or not limit.expired():
                raise
            health = Health("failed", f"took more than {duration_text(seconds)} and was ended", now())
    say(reader.end())
    await APILogHandler.aflush()  # a follower must have the whole log when the run ends
    return health, shown_tail(lines)


async def _removed(
    ledger: Ledger, command: OneOff, job: Instance, label: str, state: Literal["done", "failed"]
) -> None:
    """Remove the job under the stack's lock. If another run holds the lock, the next run removes the job."""
    try:
        async with stack_session(job.stack, ledger, command.verb, patience=command.patience) as (context, _):
            await _do(context, command.verb, Change("destroy", job.address, label, instance=job), state)
    except (LockHeld, LedgerError) as busy:  # another run changes the stack, or has torn it down
        get_run_logger().info("%s is left to whoever looks next: %s", job, busy)


async def _do(context: RunContext, verb: str, change: Change, state: Literal["done", "failed"]) -> None:
    """Apply a single change. `state`: the recorded state of its run, if the change succeeds."""
    plan = Plan(context.stack, ((change,),), (), 0)
    with use(context):
        await observe(context.stack)
        context.run_id = await asyncio.to_thread(
            context.ledger.runs.begin, context.lease, verb, change.reason, plan.data()
        )
        try:
            await apply_plan(plan)
        except TenfoldError as error:
            await asyncio.to_thread(context.ledger.runs.finish, context.lease, context.run_id, "failed", str(error))
            raise
        await asyncio.to_thread(context.ledger.runs.finish, context.lease, context.run_id, state, plan.done)


def _refuse_entrypoint(stack: Stack, entrypoint: Sequence[str] | None) -> None:
    if entrypoint and stack.target.runs == "processes":
        raise PlanError(
            f"Only an image has an entrypoint, and the {stack.target.provider} target starts processes. Write its "
            "words at the beginning of the command."
        )
