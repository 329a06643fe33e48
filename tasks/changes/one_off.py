"""One-off commands beside a running stack, and who may take them away.

A one-off may run for hours and must not keep anybody from changing its stack meanwhile. So its run takes the stack's
lock twice, for moments: to begin it and to remove it. In between it holds a claim on it, under which everybody but a
teardown leaves it alone. A run that is killed loses its claim: then whoever looks next removes the one-off, like
everything else that is not wanted.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

from infra_specs.catalogue.job import is_one_off
from infra_specs.errors import TransientError
from infra_specs.resources.instance import Health, Instance
from tasks.base.log_lines import added, whole_lines
from tasks.base.poll import until
from tasks.ledger import Ledger, Owner, held
from tasks.providers.base import Provider

output = "prefect.flow_runs.output"
"""The logger of what a command itself writes: into its run's log, and told from what we say there."""
exit_code = "exit-code"
"""The key of the artifact that says what it ended with."""
window = 1000
"""Lines that are read at a look; who writes more between two looks is quoted with gaps."""
silence_seconds = 120.0
"""How long a target may be away while a one-off runs: what it runs goes on without us."""
for_ever = float("inf")


def unclaimed(ledger: Ledger, there: Iterable[Instance]) -> tuple[Instance, ...]:
    """What is there without the one-offs that somebody waits for."""
    return tuple(one for one in there if not (is_one_off(one.address) and ledger.claimed(one.stack, one.address)))


@asynccontextmanager
async def claimed(ledger: Ledger, stack: str, address: str, owner: Owner, lease_seconds: float) -> AsyncIterator[None]:
    """Hold a claim on a one-off, from before it is begun until it is removed."""
    hold = await asyncio.to_thread(ledger.claim, stack, address, owner, lease_seconds)
    with held(ledger, hold, lease_seconds):
        yield


async def followed(provider: Provider, one: Instance, say: Callable[[str], None]) -> Health:
    """Wait for its end, however long that takes, and `say` what it writes meanwhile, some lines at a time."""
    said, health, answered = list[str](), one.health, time.monotonic()

    async def look() -> Health:
        nonlocal said, health, answered
        try:
            health = await asyncio.to_thread(provider.health, one)  # first: once it is over its log is whole
            over = health.state != "starting"
            lines = whole_lines(await asyncio.to_thread(provider.logs, one, window), over=over)
        except TransientError:
            if time.monotonic() - answered > silence_seconds:
                raise
            return replace(health, state="starting")
        answered = time.monotonic()
        if new := added(said, lines):
            say("\n".join(new))
        said = lines
        return health

    return await until(look, lambda seen: seen.state != "starting", for_ever)
