"""One-off commands beside a running stack, and who may remove them.

A one-off may run for hours and must not block changes of its stack. So its run takes the stack's lock twice, briefly:
to start the one-off and to remove it. In between it holds a claim, and every run except a teardown leaves the one-off
alone. A killed run loses its claim: the next run removes the one-off, like any undesired instance.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from infra_specs.catalogue.job import is_one_off
from infra_specs.errors import TransientError
from infra_specs.resources.instance import Health, Instance
from tasks.base.log_lines import new_lines, whole_lines
from tasks.base.poll import until
from tasks.ledger import Ledger, Owner, keep_renewed
from tasks.providers.seam.provider import KindProvider

OUTPUT_LOGGER = "prefect.flow_runs.output"
"""The logger of a command's own output in its run's log."""
EXIT_CODE_KEY = "exit-code"
"""The key of the artifact that holds a command's exit code."""
WINDOW_LINES = 1000
"""Log lines that are read at a time. A command that writes more between two reads is quoted with gaps."""
SILENCE_SECONDS = 120.0
"""Seconds that a target may be unreachable while a one-off runs: the command goes on meanwhile."""
FOREVER = float("inf")


def exclude_claimed(ledger: Ledger, instances: Iterable[Instance]) -> tuple[Instance, ...]:
    """The instances without one-offs that a living run has claimed."""
    return tuple(
        instance
        for instance in instances
        if not (is_one_off(instance.address) and ledger.claims.is_held(instance.stack, instance.address))
    )


@asynccontextmanager
async def hold_claim(
    ledger: Ledger, stack: str, address: str, owner: Owner, lease_seconds: float
) -> AsyncIterator[None]:
    """Hold a claim on a one-off from before its start until its removal."""
    lease = await asyncio.to_thread(ledger.claims.acquire, stack, address, owner, lease_seconds)
    with keep_renewed(ledger, lease, lease_seconds):
        yield


async def follow(provider: KindProvider, instance: Instance, write: Callable[[str], None]) -> Health:
    """Wait until the job ends, without a limit, and pass its new log lines to `write`."""
    previous, health, answered_at = list[str](), instance.health, time.monotonic()

    async def look() -> Health:
        nonlocal previous, health, answered_at
        try:
            current = await asyncio.to_thread(provider.look, instance)  # first: once it is over its log is whole
            health = current.health if current else Health("failed", "it is gone", instance.health.since)
            ended = health.state != "starting"
            lines = whole_lines(await asyncio.to_thread(provider.logs, instance, WINDOW_LINES), ended=ended)
        except TransientError:
            if time.monotonic() - answered_at > SILENCE_SECONDS:
                raise
            return replace(health, state="starting")
        answered_at = time.monotonic()
        if fresh := new_lines(previous, lines):
            write("\n".join(fresh))
        previous = lines
        return health

    return await until(look, lambda latest: latest.state != "starting", FOREVER)
