"""One lock a stack for its backups: only one is written, proven or restored at a time, and others change the stack.

A killed owner's lock stays until somebody tidied up after it.
"""

from tasks.ledger.database import Database
from tasks.ledger.locks import Lease, holder_of, take
from tasks.ledger.owner import Owner
from tasks.ledger.owner_liveness import owner_is_alive


class BackupLocks:
    """The locks of all stacks' backups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, stack: str, owner: Owner, lease_seconds: float) -> Lease:
        """Take the lock without waiting. Raises LockHeld, with the holder. It is renewed and released as any lock."""
        return take(self._database, Lease(stack, 0, owner, "backup"), lease_seconds)

    def is_abandoned(self, stack: str) -> bool:
        """Whether its last owner was killed: something of a backup or a restore may be left on the target."""
        holder = holder_of(self._database, "backup", stack)
        if holder is None:
            return False
        alive = owner_is_alive(holder.owner)
        if alive is not None:
            return not alive
        with self._database.read() as connection:
            return holder.until <= self._database.now(connection)
