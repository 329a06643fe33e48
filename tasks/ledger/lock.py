"""One lock a stack: owner, lease, and a fencing number that only ever grows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from infra_specs.errors import Fenced, LockHeld
from tasks.ledger import runs
from tasks.ledger.database import Database
from tasks.ledger.owner import Owner
from tasks.ledger.owner_liveness import alive
from tasks.ledger.tables import locks


@dataclass(frozen=True, slots=True)
class Hold:
    """The right to change a stack, until it is released, taken over, or its lease runs out."""

    stack: str
    fence: int
    owner: Owner


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a stack's lock: since when, and until when unless renewed (seconds since the epoch)."""

    owner: Owner
    fence: int
    since: float
    until: float


def acquire(database: Database, stack: str, owner: Owner, lease_seconds: float) -> Hold:
    with database.write() as connection:
        connection.execute(database.insert(locks).values(stack=stack, fence=0).on_conflict_do_nothing())
        row = connection.execute(_row_of(stack).with_for_update()).mappings().one()
        now, before = database.now(connection), _holder(row)
        if before and before.until > now and alive(before.owner) is not False:
            raise LockHeld(
                f"{stack} is being changed by {before.owner} since {utc(before.since)} (for {now - before.since:.0f} s)"
                "; wait for it with --wait or try again"
            )
        fence = row["fence"] + 1
        taken = {"fence": fence, "owner": asdict(owner), "since": now, "lease": lease_seconds}
        connection.execute(sa.update(locks).where(locks.c.stack == stack).values(**taken, until=now + lease_seconds))
        runs.mark_crashed(connection, stack, now)
    return Hold(stack, fence, owner)


def renew(database: Database, hold: Hold) -> None:
    with database.write() as connection:
        row = _held(database, connection, hold)
        until = database.now(connection) + row["lease"]
        connection.execute(sa.update(locks).where(locks.c.stack == hold.stack).values(until=until))


def check(database: Database, hold: Hold) -> None:
    with database.read() as connection:
        _held(database, connection, hold, waits=False)


def release(database: Database, hold: Hold) -> None:
    ours = (locks.c.stack == hold.stack) & (locks.c.fence == hold.fence)
    with database.write() as connection:
        connection.execute(sa.update(locks).where(ours).values(owner=None))


def holder(database: Database, stack: str) -> Holder | None:
    with database.read() as connection:
        row = connection.execute(_row_of(stack)).mappings().one_or_none()
    return _holder(row) if row else None


def guard(connection: sa.Connection, hold: Hold) -> None:
    """Nobody takes the lock over before this transaction ends. Raises Fenced if somebody has.

    A lease that ran out is no matter here: as long as nobody followed, what is written is still the truth.
    """
    _ours(connection, hold, waits=True)


def utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _held(database: Database, connection: sa.Connection, hold: Hold, *, waits: bool = True) -> Mapping[str, Any]:
    row = _ours(connection, hold, waits=waits)
    late = database.now(connection) - row["until"]
    if late >= 0:
        raise Fenced(
            f"{hold.stack}: the lease of this {hold.owner.verb}, {row['lease']:g} s, ran out {late:.1f} s ago; it was "
            "paused or cut off from the ledger. It does nothing more: run it again."
        )
    return row


def _ours(connection: sa.Connection, hold: Hold, *, waits: bool) -> Mapping[str, Any]:
    query = _row_of(hold.stack).with_for_update(read=True) if waits else _row_of(hold.stack)
    row = connection.execute(query).mappings().one_or_none()
    if row is not None and row["fence"] == hold.fence and row["owner"] is not None:
        return dict(row)
    now = _holder(row) if row else None
    since = f": {now.owner} has it since {utc(now.since)}" if now else ""
    raise Fenced(f"{hold.stack}: this {hold.owner.verb} no longer has the lock{since}. It does nothing more.")


def _row_of(stack: str) -> "sa.Select[Any]":
    return sa.select(locks).where(locks.c.stack == stack)


def _holder(row: Any) -> Holder | None:
    if row["owner"] is None:
        return None
    if not isinstance(row["owner"], dict):
        return Holder(Owner("unknown", "somebody", "", 0), row["fence"], row["since"], row["until"])
    known: Any = {field.name: row["owner"].get(field.name) for field in fields(Owner)}
    return Holder(Owner(**known), row["fence"], row["since"], row["until"])
