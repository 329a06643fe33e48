"""Holding a stack's lock for the length of a run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.runtime import flow_run

from infra_specs.errors import LockHeld
from tasks.ledger import Hold, Ledger, Owner, held
from tasks.poll import until

wait_seconds = 3600.0
"""How long `--wait` waits for somebody else to finish."""


@asynccontextmanager
async def locked(ledger: Ledger, stack: str, verb: str, lease_seconds: float, *, wait: bool) -> AsyncIterator[Hold]:
    """The lock of `stack`, renewed until the end and then given back.

    Who does not get it raises LockHeld at once, saying who holds it and since when; with `wait` only after an hour.
    """
    owner = Owner.here(verb, flow_run_id=str(flow_run.id) if flow_run.id else None)

    async def attempt() -> Hold | LockHeld:
        try:
            return await asyncio.to_thread(ledger.acquire, stack, owner, lease_seconds)
        except LockHeld as somebody:
            return somebody

    got = await until(attempt, lambda one: isinstance(one, Hold), wait_seconds) if wait else await attempt()
    if isinstance(got, LockHeld):
        raise got
    with held(ledger, got, lease_seconds):
        yield got
