"""The queue of each stack: the runs that wait for its lock, by when they were asked for.

A ticket holds for as long as its run renews it, and no longer than its process lives: a dead run blocks nobody.
"""

from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from infra_specs.errors import LockHeld, RunOvertaken
from infra_specs.turns import Ticket, turn
from tasks.ledger.database import Database
from tasks.ledger.owner import Owner, owner_from
from tasks.ledger.owner_liveness import owner_is_alive
from tasks.ledger.tables import runs, tickets

TICKET_SECONDS = 15.0
"""Seconds for which a ticket holds unless renewed: many times the pause between two looks at the lock."""


class Tickets:
    """The tickets of waiting runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def renew(self, stack: str, ticket: Ticket, owner: Owner) -> None:
        """Queue a run, or keep its place. Tickets of the stack that were left long ago are deleted."""
        with self._database.write() as connection:
            now = self._database.now(connection)
            connection.execute(sa.delete(tickets).where(tickets.c.stack == stack, tickets.c.until < now))
            values = {"asked": ticket.asked, "owner": asdict(owner), "until": now + TICKET_SECONDS}
            new = self._database.insert(tickets).values(stack=stack, run=ticket.run, **values)
            connection.execute(new.on_conflict_do_update(index_elements=["stack", "run"], set_=values))

    def drop(self, stack: str, ticket: Ticket) -> None:
        """Leave the queue. A run that is not in it is no error."""
        with self._database.write() as connection:
            drop(connection, stack, ticket)

    def waiting(self, stack: str) -> tuple[Ticket, ...]:
        """The tickets of runs that wait for the stack, in their order."""
        with self._database.read() as connection:
            return _waiting(connection, stack, self._database.now(connection))


def drop(connection: sa.Connection, stack: str, ticket: Ticket) -> None:
    """As `Tickets.drop`, within a transaction that does more."""
    connection.execute(sa.delete(tickets).where(tickets.c.stack == stack, tickets.c.run == ticket.run))


def require_turn(connection: sa.Connection, lock: "sa.RowMapping", ticket: Ticket, now: float) -> None:
    """Raise RunOvertaken if a run that was asked for later has had this lock, LockHeld if earlier ones wait for it."""
    last = Ticket(lock["asked"], lock["asked_run"]) if lock["asked"] is not None else None
    place = turn(ticket, _waiting(connection, lock["stack"], now), last, now)
    if place.overtaken_by:
        raise RunOvertaken(
            f"overtaken by {_name(connection, place.overtaken_by)}, which was asked for later and changed "
            f"{lock['stack']} first. This run touched nothing: ask for it again if you still want it."
        )
    if place.before:
        others = "one run waits" if place.before == 1 else f"{place.before} runs wait"
        raise LockHeld(f"{others} for {lock['stack']} since before this one; wait for it with --wait or try again")


def _waiting(connection: sa.Connection, stack: str, now: float) -> tuple[Ticket, ...]:
    valid = sa.select(tickets).where(tickets.c.stack == stack, tickets.c.until > now)
    rows: Any = connection.execute(valid.order_by(tickets.c.asked, tickets.c.run)).mappings().all()
    return tuple(
        Ticket(row["asked"], row["run"]) for row in rows if owner_is_alive(owner_from(row["owner"])) is not False
    )


def _name(connection: sa.Connection, ticket: Ticket) -> str:
    """As `tenfold history` names the run; a run that has no plan yet by its flow run."""
    newest = sa.select(sa.func.max(runs.c.id)).where(runs.c.flow_run_id == ticket.run)
    number = connection.scalar(newest)
    return f"run {number}" if number is not None else f"flow run {ticket.run}"
