"""Holding a stack's lock for the length of a run."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.runtime import flow_run

from infra_specs.errors import LockHeld
from tasks.base.poll import until
from tasks.ledger import Hold, Ledger, Owner, held

wait_seconds = 3600.0
"""How long `--wait` waits for somebody else to finish."""
reconcile_seconds = 120.0
"""How long everybody waits for a reconcile: nobody asked for it, so nobody should be turned away by it."""


@asynccontextmanager
async def locked(ledger: Ledger, stack: str, verb: str, lease_seconds: float, *, wait: bool) -> AsyncIterator[Hold]:
    """The lock of `stack`, renewed until the end and then given back.

    Who does not get it raises LockHeld at once, saying who holds it and since when; with `wait` only after an hour. A
    reconcile that has it is waited for, for two minutes at most.
    """
    owner = Owner.here(verb, flow_run_id=str(flow_run.id) if flow_run.id else None)

    async def attempt() -> Hold | LockHeld:
        try:
            return await asyncio.to_thread(ledger.acquire, stack, owner, lease_seconds)
        except LockHeld as somebody:
            return somebody

    got = await attempt()
    if isinstance(got, LockHeld) and (patience := _patience(ledger, stack, verb, wait)):
        got = await until(attempt, lambda one: isinstance(one, Hold), patience)
    if isinstance(got, LockHeld):
        raise got
    with held(ledger, got, lease_seconds):
        yield got


def _patience(ledger: Ledger, stack: str, verb: str, wait: bool) -> float:
    if wait:
        return wait_seconds
    holder = ledger.holder(stack)
    timer = holder is None or holder.owner.verb == "reconcile"
    return reconcile_seconds if timer and verb != "reconcile" else 0.0
