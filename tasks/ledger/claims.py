"""Claims: a run without its stack's lock marks one resource as in use.

A claim is a lock on the resource's address, with owner and lease, so it ends with its owner. Its name has a `/`, which
no stack's name has.
"""

import sqlalchemy as sa

from tasks.ledger import lock
from tasks.ledger.database import Database
from tasks.ledger.lock import Lease
from tasks.ledger.owner import Owner
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.ledger.tables import locks

_KEPT_SECONDS = 3600.0
"""Seconds after which an ended claim is deleted: a claim is never taken twice."""


def claim(database: Database, stack: str, address: str, owner: Owner, lease_seconds: float) -> Lease:
    with database.write() as connection:
        ended = locks.c.owner.is_(None) | (locks.c.until < database.now(connection) - _KEPT_SECONDS)
        connection.execute(sa.delete(locks).where(locks.c.stack.like("%/%") & ended))
    return lock.acquire(database, _name(stack, address), owner, lease_seconds)


def claimed(database: Database, stack: str, address: str) -> bool:
    holder = lock.holder(database, _name(stack, address))
    alive = owner_is_alive(holder.owner) if holder else False
    if holder is None or alive is not None:
        return bool(alive)  # seen to live it has its claim, however late it renews it: nothing is done under a claim
    with database.read() as connection:
        return holder.until > database.now(connection)


def _name(stack: str, address: str) -> str:
    return f"{stack}/{address}"
