"""Show in the ledger that a flow run's process is alive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from infra_specs.errors import LedgerError
from tasks.ledger import Ledger, Owner, repeat_beside

LEASE_SECONDS = 60.0
"""Seconds that a process may be silent before other machines take it for dead."""


@asynccontextmanager
async def alive_while(ledger: Ledger, verb: str, flow_run: str) -> AsyncIterator[None]:
    """Show this process as alive, under the id of a flow run, until the block or the process ends."""
    owner = Owner.here(verb, flow_run_id=flow_run)
    await asyncio.to_thread(ledger.liveness.begin, flow_run, owner, LEASE_SECONDS)
    try:
        with repeat_beside(lambda: ledger.liveness.renew(flow_run, LEASE_SECONDS), LEASE_SECONDS / 3):
            yield
    finally:
        with suppress(LedgerError):  # the run is over: what it leaves is seen to be dead
            await asyncio.to_thread(ledger.liveness.forget, flow_run)
