"""Claims: a run without its stack's lock marks one resource as in use.

A claim is a lock on the resource's address, with owner and lease, so it ends with its owner.
"""

import sqlalchemy as sa

from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, holder_of, take
from tasks.ledger.owner import Owner
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.ledger.tables import locks

_KEPT_SECONDS = 3600.0
"""Seconds after which an ended claim is deleted: a claim is never taken twice."""


class Claims:
    """Claims on addresses of stacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, stack: str, address: str, owner: Owner, lease_seconds: float) -> Lease:
        """Claim an address of a stack for a run that does not hold the stack's lock.

        A claim is renewed, released, taken over and lost like a lock.
        """
        with self._database.write() as connection:
            ended = locks.c.owner.is_(None) | (locks.c.until < self._database.now(connection) - _KEPT_SECONDS)
            connection.execute(sa.delete(locks).where((locks.c.kind == "claim") & ended))
        return take(self._database, Lease(stack, 0, owner, "claim", address), lease_seconds)

    def is_held(self, stack: str, address: str) -> bool:
        """Whether the address has a valid claim: its owner is alive, or is on another machine with a valid lease."""
        holder = holder_of(self._database, "claim", stack, address)
        alive = owner_is_alive(holder.owner) if holder else False
        if holder is None or alive is not None:
            return bool(
                alive
            )  # seen to live it has its claim, however late it renews it: nothing is done under a claim
        with self._database.read() as connection:
            return holder.until > self._database.now(connection)
