"""Hold a stack's lock while a run works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.runtime import flow_run

from infra_specs.errors import LockHeld
from tasks.base.poll import until
from tasks.ledger import Lease, Ledger, Owner, keep_renewed

WAIT_SECONDS = 3600.0
"""Seconds that `--wait` waits for another run."""
RECONCILE_SECONDS = 120.0
"""Seconds that every run waits for a reconcile. A reconcile is automatic, so it must not turn a person away."""


@asynccontextmanager
async def stack_lock(
    ledger: Ledger, stack: str, verb: str, lease_seconds: float, *, wait: bool
) -> AsyncIterator[Lease]:
    """Take the lock of `stack`, renew it until the block ends, then release it.

    Raises LockHeld, with the holder and since when: at once, or after an hour with `wait`. If a reconcile holds the
    lock, this waits for two minutes at most.
    """
    owner = _owner(verb)

    async def attempt() -> Lease | LockHeld:
        try:
            return await asyncio.to_thread(ledger.locks.acquire, stack, owner, lease_seconds)
        except LockHeld as busy:
            return busy

    outcome = await attempt()
    if isinstance(outcome, LockHeld) and (limit := await asyncio.to_thread(_wait_limit, ledger, stack, verb, wait)):
        outcome = await until(attempt, lambda result: isinstance(result, Lease), limit)
    if isinstance(outcome, LockHeld):
        raise outcome
    with keep_renewed(ledger, outcome, lease_seconds):
        yield outcome


@asynccontextmanager
async def check_lock(ledger: Ledger, lease_seconds: float) -> AsyncIterator[Lease]:
    """Hold the lock of the autoscale checks until the block ends. Raises LockHeld at once if another check runs."""
    lease = await asyncio.to_thread(ledger.checks.acquire, _owner("autoscale"), lease_seconds)
    with keep_renewed(ledger, lease, lease_seconds):
        yield lease


def _owner(verb: str) -> Owner:
    return Owner.here(verb, flow_run_id=str(flow_run.id) if flow_run.id else None)


def _wait_limit(ledger: Ledger, stack: str, verb: str, wait: bool) -> float:
    if wait:
        return WAIT_SECONDS
    holder = ledger.locks.holder(stack)
    timer = holder is None or holder.owner.verb == "reconcile"
    return RECONCILE_SECONDS if timer and verb != "reconcile" else 0.0
