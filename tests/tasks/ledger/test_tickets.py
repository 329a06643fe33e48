"""The queue of a stack: who asked first has the lock first, and who is dead blocks nobody."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from infra_specs.errors import LockHeld, RunOvertaken
from infra_specs.turns import Ticket
from tasks.ledger import Ledger, Owner
from tasks.ledger.database import Database
from tasks.ledger.tables import tickets

FIRST, SECOND, THIRD = Ticket(1.0, "run-1"), Ticket(2.0, "run-2"), Ticket(3.0, "run-3")


def test_who_asked_first_has_the_lock_first(ledger: Ledger, me: Owner) -> None:
    for ticket in (THIRD, FIRST, SECOND):
        ledger.tickets.renew("shop", ticket, me)
    assert ledger.tickets.waiting("shop") == (FIRST, SECOND, THIRD)
    with pytest.raises(LockHeld) as raised:
        ledger.locks.acquire("shop", me, 60, THIRD)
    assert str(raised.value) == "2 runs wait for shop since before this one; wait for it with --wait or try again"
    for ticket in (FIRST, SECOND, THIRD):
        ledger.locks.release(ledger.locks.acquire("shop", me, 60, ticket))
    assert ledger.tickets.waiting("shop") == ()


def test_an_overtaken_run_is_told_by_which(ledger: Ledger, me: Owner) -> None:
    overtaking = replace(me, flow_run_id=SECOND.run)
    lease = ledger.locks.acquire("shop", overtaking, 60, SECOND)
    ledger.runs.begin(lease, "deploy", "asked for", {})
    ledger.locks.release(lease)
    with pytest.raises(RunOvertaken) as raised:
        ledger.locks.acquire("shop", me, 60, FIRST)
    assert str(raised.value) == (
        "overtaken by run 1, which was asked for later and changed shop first. This run touched nothing: ask for it "
        "again if you still want it."
    )
    assert ledger.locks.holder("shop") is None
    ledger.locks.acquire("blog", me, 60, FIRST)


def test_a_run_that_was_refused_overtook_nobody(ledger: Ledger, me: Owner) -> None:
    ledger.locks.release(ledger.locks.acquire("shop", me, 60, SECOND))
    ledger.locks.release(ledger.locks.acquire("shop", me, 60, FIRST))


def test_a_timer_overtakes_nobody_and_waits_for_nobody(ledger: Ledger, me: Owner) -> None:
    ledger.tickets.renew("shop", FIRST, me)
    ledger.locks.release(ledger.locks.acquire("shop", me, 60))
    ledger.locks.release(ledger.locks.acquire("shop", me, 60, FIRST))


def test_a_dead_run_blocks_nobody(ledger: Ledger, me: Owner, gone: Owner) -> None:
    ledger.tickets.renew("shop", FIRST, gone)
    assert ledger.tickets.waiting("shop") == ()
    ledger.locks.acquire("shop", me, 60, SECOND)


def test_a_run_that_renews_its_ticket_no_more_blocks_nobody(ledger: Ledger, me: Owner, database: Database) -> None:
    ledger.tickets.renew("shop", FIRST, me)
    with database.write() as connection:
        connection.execute(sa.update(tickets).values(until=1.0))
    assert ledger.tickets.waiting("shop") == ()
    ledger.tickets.renew("shop", SECOND, me)
    with database.read() as connection:
        assert [row.run for row in connection.execute(sa.select(tickets))] == [SECOND.run], "what ran out is deleted"


def test_who_leaves_is_waited_for_no_more(ledger: Ledger, me: Owner) -> None:
    ledger.tickets.renew("shop", FIRST, me)
    ledger.tickets.drop("shop", FIRST)
    ledger.tickets.drop("shop", FIRST)
    ledger.locks.acquire("shop", me, 60, SECOND)
