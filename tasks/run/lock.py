"""Hold a stack's lock while a run works."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from time import monotonic

from prefect.logging import get_run_logger
from prefect.runtime import flow_run

from infra_specs.errors import LedgerError, LockHeld
from infra_specs.turns import Ticket
from tasks.base.poll import until
from tasks.ledger import Lease, Ledger, Owner, keep_renewed
from tasks.run.queue import comes_later, own_ticket

WAIT_SECONDS = 3600.0
"""Seconds that `--wait` waits for another run."""
LATE_SECONDS = 60.0
"""Seconds that a waiting run leaves for runs that were asked for earlier to begin: processes start in any order."""
PAUSE_SECONDS = 0.5
"""Between two questions to Prefect whether an earlier run is yet to begin."""
RECONCILE_SECONDS = 120.0
"""Seconds that every run waits for a reconcile. A reconcile is automatic, so it must not turn a person away."""


@asynccontextmanager
async def stack_lock(
    ledger: Ledger, stack: str, verb: str, lease_seconds: float, *, wait: bool = False, patience: float = 0.0
) -> AsyncIterator[Lease]:
    """Take the lock of `stack`, renew it until the block ends, then release it.

    Runs that were asked for take it in the order in which they were, by when Prefect has them due. Raises LockHeld,
    with the holder and since when: at once, after `patience` seconds, or after an hour with `wait`. If a reconcile
    holds the lock, this waits for two minutes at most. Raises RunOvertaken if a run that was asked for later had it.
    """
    asking = _Asking(ledger, stack, _owner(verb), lease_seconds, own_ticket(verb), monotonic() + LATE_SECONDS)
    try:
        outcome = await (asking.in_turn() if wait else asking.at_once())
        limit = max(patience, await asyncio.to_thread(_wait_limit, ledger, stack, verb, wait))
        if isinstance(outcome, LockHeld) and limit:
            outcome = await until(asking.in_turn, lambda result: isinstance(result, Lease), limit)
    except BaseException:
        await asking.leave()
        raise
    if isinstance(outcome, LockHeld):
        await asking.leave()
        raise outcome
    with keep_renewed(ledger, outcome, lease_seconds):
        yield outcome


@dataclass(frozen=True, slots=True)
class _Asking:
    """A run that asks for the lock of a stack. `until`: how long it waits for earlier runs that are yet to begin."""

    ledger: Ledger
    stack: str
    owner: Owner
    lease_seconds: float
    ticket: Ticket | None
    until: float

    async def at_once(self) -> Lease | LockHeld:
        """The lock, or who has it."""
        try:
            return await asyncio.to_thread(
                self.ledger.locks.acquire, self.stack, self.owner, self.lease_seconds, self.ticket
            )
        except LockHeld as busy:
            return busy

    async def in_turn(self) -> Lease | LockHeld:
        """The same once it is this run's turn; until then it is queued."""
        if self.ticket is None:
            return await self.at_once()
        await asyncio.to_thread(self.ledger.tickets.renew, self.stack, self.ticket, self.owner)
        if (
            monotonic() < self.until
            and await asyncio.to_thread(_is_next, self.ledger, self.stack, self.ticket)
            and await comes_later(self.ledger, self.stack, self.ticket)
        ):
            await asyncio.sleep(PAUSE_SECONDS)
            return LockHeld(f"{self.stack}: a run that was asked for earlier has yet to begin; ask again")
        return await self.at_once()

    async def leave(self) -> None:
        if self.ticket:
            with suppress(LedgerError):  # the ticket runs out by itself
                await asyncio.to_thread(self.ledger.tickets.drop, self.stack, self.ticket)


@asynccontextmanager
async def check_lock(ledger: Ledger, lease_seconds: float) -> AsyncIterator[Lease]:
    """Hold the lock of the autoscale checks until the block ends. Raises LockHeld at once if another check runs."""
    lease = await asyncio.to_thread(ledger.checks.acquire, _owner("autoscale"), lease_seconds)
    with keep_renewed(ledger, lease, lease_seconds):
        yield lease


@asynccontextmanager
async def fleet_lock(
    ledger: Ledger, fleet: str, verb: str, lease_seconds: float, *, wait: bool
) -> AsyncIterator[Lease]:
    """Hold the lock of a fleet until the block ends. With `wait` an hour is waited for whoever has it, for several
    stacks stand on it, and the run's log says for whom; then, or at once, this raises LockHeld."""

    async def ask() -> Lease | LockHeld:
        try:
            return await asyncio.to_thread(ledger.fleets.acquire, fleet, _owner(verb), lease_seconds)
        except LockHeld as busy:
            return busy

    outcome = await ask()
    if wait and isinstance(outcome, LockHeld):
        if holder := await asyncio.to_thread(ledger.fleets.holder, fleet):
            get_run_logger().info("Waiting for the fleet %s, which %s is changing.", fleet, holder.owner)
        outcome = await until(ask, lambda result: isinstance(result, Lease), WAIT_SECONDS)
    if isinstance(outcome, LockHeld):
        raise outcome
    with keep_renewed(ledger, outcome, lease_seconds):
        yield outcome


def _is_next(ledger: Ledger, stack: str, ticket: Ticket) -> bool:
    """Whether this run could have the lock now."""
    return ledger.locks.holder(stack) is None and ledger.tickets.waiting(stack)[:1] == (ticket,)


def _owner(verb: str) -> Owner:
    return Owner.here(verb, flow_run_id=str(flow_run.id) if flow_run.id else None)


def _wait_limit(ledger: Ledger, stack: str, verb: str, wait: bool) -> float:
    if wait:
        return WAIT_SECONDS
    holder = ledger.locks.holder(stack)
    timer = holder is None or holder.owner.verb == "reconcile"
    return RECONCILE_SECONDS if timer and verb != "reconcile" else 0.0
