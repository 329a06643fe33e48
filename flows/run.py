"""Run: one command, once, as a replica of a service would be."""

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
from flows.engine.frame import on_site, on_target, opened_ledger, runbook
from infra_specs.errors import ChangeFailed, LedgerError, LockHeld, PlanError, TenfoldError
from infra_specs.plan.plan import Change, Plan
from infra_specs.redaction import Stream
from infra_specs.resources.address import RUN, Address
from infra_specs.resources.instance import Health, Instance
from tasks.base.known_secrets import known
from tasks.base.settings import settings
from tasks.changes.artifacts import show_exit_code
from tasks.changes.observe import observe
from tasks.changes.one_off import claimed, followed, output
from tasks.ledger import Ledger, Owner
from tasks.run.context import Site, at
from tasks.stack.record import one_off, remembered, still_wanted, wish_as_deployed

last_lines = 20


@runbook
async def run(stack: str, service: str, command: str, wait: bool = False) -> Report:
    """Run a command once beside a running stack: in the image, environment and network of one of its services.

    What it writes is in the run's log, and the run fails if it ends with anything but 0. Nobody is kept from changing
    the stack meanwhile; a teardown ends it. The command can be seen in the run, so no secret belongs in it.

    Args:
        stack: The stack's name.
        service: As a replica of which of its services, for example web.
        command: The command, as a shell would split it; it runs without a shell.
        wait: Wait while somebody else changes this stack, instead of failing.
    """
    words, address = _words(command), Address("job", RUN, str(flow_run.id)[:8])
    async with opened_ledger() as ledger:
        remembered(ledger, stack)
        me = Owner.here("run", flow_run_id=str(flow_run.id))
        async with claimed(ledger, stack, str(address), me, settings().lease_seconds):
            site, one = await _begun(ledger, stack, service, words, address, wait=wait)
            health, last = await _to_the_end(ledger, site, one)
            said = f"{shlex.join(words)}: {site.redacted(health.reason)}"
            await _removed(ledger, one, said, "done" if health.state == "healthy" else "failed")
    if health.code is not None:
        await show_exit_code(health.code)
    if health.state == "healthy":
        return Report(stack, said, (), (), {})
    quoted = f"The last lines that it wrote:\n{last}" if last else "It wrote nothing."
    raise ChangeFailed(f"{said} (as {service} of {stack}).\n{quoted}")


async def _begun(
    ledger: Ledger, stack: str, service: str, words: list[str], address: Address, *, wait: bool
) -> tuple[Site, Instance]:
    """Begin it under the stack's lock, which is given back as soon as it runs."""
    async with on_site(stack, ledger, "run", wait=wait) as (site, what, source):
        if not still_wanted(ledger, stack):
            raise PlanError(f"{stack} is torn down. Bring it back first: tenfold provision {stack}")
        wished = wish_as_deployed(ledger, what, source)
        job = one_off(ledger, wished, address, service, words)
        why = f"{service}: {shlex.join(words)}"
        await _do(site, Change("create", job.address, why, job), "done")
        get_run_logger().info("%s runs %s", job.address, why)
        return site, site.known[job.address]


async def _to_the_end(ledger: Ledger, site: Site, one: Instance) -> tuple[Health, str]:
    """Wait for its end without a lock; comes with the last lines that it wrote."""
    what, _ = remembered(ledger, site.stack)
    lines: list[str] = []
    stream = Stream(lambda: known.redaction)

    def say(told: str) -> None:
        if told:
            lines[:] = [*lines, *told.splitlines()][-last_lines:]
            logging.getLogger(output).info("%s", told.removesuffix("\n"))

    def take(text: str) -> None:
        with suppress(LedgerError):  # those that were read before are known all the same
            ledger.learn_secrets(site.stack)
        say(stream.take(f"{text}\n"))

    async with on_target(what) as provider:
        health = await followed(provider, one, take)
    say(stream.end())
    await APILogHandler.aflush()  # who follows the run has all of it when the run is over
    return health, "\n".join(lines)


async def _removed(ledger: Ledger, one: Instance, why: str, how: Literal["done", "failed"]) -> None:
    """Under the stack's lock again. If somebody else has it, it is left to the next who looks, as nobody wants it."""
    try:
        async with on_site(one.stack, ledger, "run") as (site, _, _):
            await _do(site, Change("destroy", one.address, why, instance=one), how)
    except (LockHeld, LedgerError) as why_not:  # somebody changes it just now, or has torn it down
        get_run_logger().info("%s is left to whoever looks next: %s", one, why_not)


async def _do(site: Site, change: Change, how: Literal["done", "failed"]) -> None:
    """One change on its own. `how` the run that it belongs to went, if the change itself succeeds."""
    plan = Plan(site.stack, ((change,),), (), 0)
    with at(site):
        await observe(site.stack)
        site.run = await asyncio.to_thread(site.ledger.begin, site.hold, "run", change.reason, plan.data())
        try:
            await apply_plan(plan)
        except TenfoldError as error:
            await asyncio.to_thread(site.ledger.finish, site.hold, site.run, "failed", str(error))
            raise
        await asyncio.to_thread(site.ledger.finish, site.hold, site.run, how, plan.done)


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        raise PlanError(f"The command cannot be split into words, a quote is never closed: {command}") from None
    if not words or not words[0]:
        raise PlanError("Give a command to run, for example: python manage.py migrate")
    return words
