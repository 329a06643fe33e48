"""Run: a one-off command in the environment of a service's replica."""

import asyncio
import shlex

from flows.engine.converge import Report
from flows.engine.frame import frame, open_ledger
from flows.engine.one_off import OneOff, run_one_off
from infra_specs.errors import PlanError
from tasks.stack.record import recorded_spec


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
    argv = _words(command)
    given = _words(entrypoint) if entrypoint else None if entrypoint is None else []
    async with open_ledger() as ledger:
        await asyncio.to_thread(recorded_spec, ledger, stack)
        return await run_one_off(ledger, OneOff("run", stack, service, argv, given, wait=wait))


def _words(command: str) -> list[str]:
    try:
        argv = shlex.split(command)
    except ValueError:
        raise PlanError(f"The command cannot be split into words, a quote is never closed: {command}") from None
    if not argv or not argv[0]:
        raise PlanError("Give a command to run, for example: python manage.py migrate")
    return argv
