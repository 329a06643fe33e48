"""Claims: a run that goes on without its stack's lock says of one thing there that it is in use.

A claim is a lock of the thing's own, with owner and lease, so it ends with its owner. Its name holds what no stack's
name does.
"""

import sqlalchemy as sa

from tasks.ledger import lock
from tasks.ledger.database import Database
from tasks.ledger.lock import Hold
from tasks.ledger.owner import Owner
from tasks.ledger.owner_liveness import alive
from tasks.ledger.tables import locks

_kept_seconds = 3600.0
"""A claim is never taken twice, so one that ended so long ago is of no use to anybody."""


def claim(database: Database, stack: str, address: str, owner: Owner, lease_seconds: float) -> Hold:
    with database.write() as connection:
        ended = locks.c.owner.is_(None) | (locks.c.until < database.now(connection) - _kept_seconds)
        connection.execute(sa.delete(locks).where(locks.c.stack.like("%/%") & ended))
    return lock.acquire(database, _name(stack, address), owner, lease_seconds)


def claimed(database: Database, stack: str, address: str) -> bool:
    found = lock.holder(database, _name(stack, address))
    lives = alive(found.owner) if found else False
    if found is None or lives is not None:
        return bool(lives)  # seen to live it has its claim, however late it renews it: nothing is done under a claim
    with database.read() as connection:
        return found.until > database.now(connection)


def _name(stack: str, address: str) -> str:
    return f"{stack}/{address}"
