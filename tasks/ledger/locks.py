"""Locks with an owner, a lease, and a fencing number that only ever grows.

There is one lock a stack, one for its backups, one a fleet of hosts, one for the autoscale checks of all stacks, and a
claim for each address in use.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sa

from infra_specs.errors import Fenced, LockHeld
from infra_specs.turns import Ticket
from tasks.ledger.database import Database
from tasks.ledger.owner import Owner, owner_from
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.ledger.tables import locks, runs
from tasks.ledger.tickets import drop, require_turn

CRASHED_MESSAGE = "Its process ended, or lost the lock, before the run did. The next run goes on from what is there."


Kind = Literal["stack", "fleet", "claim", "checks", "backup"]
RunKind = Literal["stack", "fleet"]
"""Whose run it is. A stack and the fleet that is named after it share their name."""
RowLock = Literal["shared", "exclusive"]
"""Of a transaction on the row of a lock. One that changes the row takes `exclusive` at once: two that first share it
and then change it wait for each other."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to change a stack, until it is released, taken over, or runs out. `address`: of a claim."""

    stack: str
    fence: int
    owner: Owner
    kind: Kind = "stack"
    address: str = ""
    ticket: Ticket | None = None
    """When the run was asked for; None for a run that overtakes nobody."""

    def __str__(self) -> str:
        if self.kind == "fleet":
            return f"the fleet {self.stack}"
        return f"{self.stack}/{self.address}" if self.kind == "claim" else self.stack


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a stack's lock: since when, and until when unless renewed (seconds since the epoch)."""

    owner: Owner
    fence: int
    since: float
    until: float


class Locks:
    """One lock a stack, of those who change it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, stack: str, owner: Owner, lease_seconds: float, ticket: Ticket | None = None) -> Lease:
        """Take the stack's lock without waiting. Raises LockHeld, with the holder and since when.

        The lock is taken over from a dead owner, or after its lease ran out; its open runs are marked as crashed.
        With a `ticket` the lock is taken in the order in which runs were asked for: LockHeld while earlier ones wait,
        RunOvertaken if a later one had it. A run without one waits for nobody and overtakes nobody.
        """
        return take(self._database, Lease(stack, 0, owner, ticket=ticket), lease_seconds)

    def renew(self, lease: Lease) -> None:
        """Renew the lease. Raises Fenced when the lock is lost or the lease has run out already."""
        with self._database.write() as connection:
            row = _held(self._database, connection, lease, row_lock="exclusive")
            until = self._database.now(connection) + row["lease"]
            connection.execute(sa.update(locks).where(_is_of(lease)).values(until=until))

    def check(self, lease: Lease) -> None:
        """Raise Fenced unless the lock is ours and its lease runs: asked before every outside effect."""
        with self._database.read() as connection:
            _held(self._database, connection, lease, row_lock=None)

    def release(self, lease: Lease) -> None:
        """Release the lock if the lease is still valid; otherwise do nothing."""
        ours = _is_of(lease) & (locks.c.fence == lease.fence)
        with self._database.write() as connection:
            connection.execute(sa.update(locks).where(ours).values(owner=None))

    def holder(self, stack: str) -> Holder | None:
        """The holder of the lock, even if it is dead or its lease ran out; None if the lock is free."""
        return holder_of(self._database, "stack", stack)


def take(database: Database, wanted: Lease, lease_seconds: float) -> Lease:
    """Take a lock of any kind without waiting. Returns `wanted` with its fence. Raises LockHeld and RunOvertaken."""
    lock = _is_of(wanted)
    with database.write() as connection:
        name = {"kind": wanted.kind, "stack": wanted.stack, "address": wanted.address}
        connection.execute(database.insert(locks).values(**name, fence=0).on_conflict_do_nothing())
        row = connection.execute(_row_of(lock).with_for_update()).mappings().one()
        now, previous = database.now(connection), _holder(row)
        if previous and previous.until > now and owner_is_alive(previous.owner) is not False:
            raise LockHeld(_busy(wanted, previous, now))
        if wanted.ticket:
            require_turn(connection, row, wanted.ticket, now)
        lease = replace(wanted, fence=row["fence"] + 1)
        values = {"fence": lease.fence, "owner": asdict(lease.owner), "since": now, "lease": lease_seconds}
        if wanted.ticket:
            drop(connection, wanted.stack, wanted.ticket)
        connection.execute(sa.update(locks).where(lock).values(**values, until=now + lease_seconds))
        _mark_crashed(connection, lease, now)
    return lease


def _busy(wanted: Lease, holder: Holder, now: float) -> str:
    since = f"by {holder.owner} since {utc(holder.since)} (for {now - holder.since:.0f} s)"
    if wanted.kind == "stack" and holder.owner.verb == "teardown" != wanted.owner.verb:
        return f"{wanted} is being torn down {since}. When it is down, bring it back: tenfold provision {wanted}"
    if wanted.kind == "backup":
        return f"A backup of {wanted} is being written or restored {since}; wait for its end and try again"
    if wanted.kind == "claim":
        return f"{wanted} is at work {since}; wait for its end and try again"
    if wanted.kind == "fleet":
        return f"{wanted} is being changed {since}; wait for its end and try again"
    return f"{wanted} is being changed {since}; wait for it with --wait or try again"


def holder_of(database: Database, kind: Kind, stack: str, address: str = "") -> Holder | None:
    """The holder of a lock of any kind, even if it is dead or its lease ran out; None if the lock is free."""
    with database.read() as connection:
        row = connection.execute(_row_of(_named(kind, stack, address))).mappings().one_or_none()
    return _holder(row) if row else None


def mark_changing(connection: sa.Connection, lease: Lease) -> None:
    """Record that the run changes the stack from now on: runs that were asked for earlier are overtaken.

    It guards the lock as `guard` does, and raises what that raises.
    """
    _ours(connection, lease, row_lock="exclusive")
    if lease.ticket:
        values = {"asked": lease.ticket.asked, "asked_run": lease.ticket.run}
        connection.execute(sa.update(locks).where(_is_of(lease)).values(**values))


def guard(connection: sa.Connection, lease: Lease) -> None:
    """Keep the lock from being taken over until this transaction ends. Raises Fenced if it was taken over.

    A lease that ran out is accepted here: while no other run took the lock, the write is still correct.
    """
    _ours(connection, lease, row_lock="shared")


def utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _mark_crashed(connection: sa.Connection, lease: Lease, now: float) -> None:
    """End every open run under this lock. Called right after it was taken, so their processes are dead."""
    still = (runs.c.kind == lease.kind) & (runs.c.stack == lease.stack) & (runs.c.state == "running")
    connection.execute(sa.update(runs).where(still).values(state="crashed", message=CRASHED_MESSAGE, ended=now))


def _held(
    database: Database, connection: sa.Connection, lease: Lease, *, row_lock: RowLock | None
) -> Mapping[str, Any]:
    row = _ours(connection, lease, row_lock=row_lock)
    late = database.now(connection) - row["until"]
    if late >= 0:
        raise Fenced(
            f"{lease}: the lease of this {lease.owner.verb}, {row['lease']:g} s, ran out {late:.1f} s ago; it "
            "was paused or cut off from the ledger. It does nothing more: run it again."
        )
    return row


def _ours(connection: sa.Connection, lease: Lease, *, row_lock: RowLock | None) -> Mapping[str, Any]:
    query = _row_of(_is_of(lease))
    if row_lock is not None:
        query = query.with_for_update(read=row_lock == "shared")
    row = connection.execute(query).mappings().one_or_none()
    if row is not None and row["fence"] == lease.fence and row["owner"] is not None:
        return dict(row)
    holder = _holder(row) if row else None
    since = f": {holder.owner} has it since {utc(holder.since)}" if holder else ""
    raise Fenced(f"{lease}: this {lease.owner.verb} no longer has the lock{since}. It does nothing more.")


def _row_of(condition: "sa.ColumnElement[bool]") -> "sa.Select[Any]":
    return sa.select(locks).where(condition)


def _is_of(lease: Lease) -> "sa.ColumnElement[bool]":
    return _named(lease.kind, lease.stack, lease.address)


def _named(kind: Kind, stack: str, address: str) -> "sa.ColumnElement[bool]":
    return (locks.c.kind == kind) & (locks.c.stack == stack) & (locks.c.address == address)


def _holder(row: Any) -> Holder | None:
    if row["owner"] is None:
        return None
    return Holder(owner_from(row["owner"]), row["fence"], row["since"], row["until"])
