"""Claims: kept by who lives, lapsed with who is gone or silent, and no lock of a stack's."""

import time

import sqlalchemy as sa

from tasks.ledger import Lease, Ledger, Owner, keep_renewed
from tasks.ledger.database import Database
from tasks.ledger.tables import locks

ONE = "job/run-1"


def test_a_claim_is_on_one_thing_of_one_stack_and_needs_no_lock(ledger: Ledger, lease: Lease, me: Owner) -> None:
    claim = ledger.claims.acquire("shop", ONE, me, 600)
    assert ledger.claims.is_held("shop", ONE)
    assert not ledger.claims.is_held("shop", "job/run-2")
    assert not ledger.claims.is_held("blog", ONE)
    ledger.locks.release(claim)
    assert not ledger.claims.is_held("shop", ONE)
    ledger.locks.check(lease)


def test_it_ends_with_its_owner(ledger: Ledger, gone: Owner) -> None:
    ledger.claims.acquire("shop", ONE, gone, 600)
    assert not ledger.claims.is_held("shop", ONE)


def test_who_is_seen_to_live_keeps_it_however_late(ledger: Ledger, me: Owner) -> None:
    ledger.claims.acquire("shop", ONE, me, 0.001)
    time.sleep(0.05)
    assert ledger.claims.is_held("shop", ONE)


def test_who_cannot_be_seen_keeps_it_as_long_as_it_is_renewed(ledger: Ledger, elsewhere: Owner) -> None:
    claim = ledger.claims.acquire("shop", ONE, elsewhere, 5.0)
    with keep_renewed(ledger, claim, 5.0):
        time.sleep(5.5)
        assert ledger.claims.is_held("shop", ONE)
    lapsed = ledger.claims.acquire("shop", "job/run-2", elsewhere, 0.001)
    time.sleep(0.05)
    assert (lapsed.kind, lapsed.stack, str(lapsed)) == ("claim", "shop", "shop/job/run-2")
    assert not ledger.claims.is_held("shop", "job/run-2")


def test_those_that_ended_leave_nothing_behind(ledger: Ledger, database: Database, lease: Lease, me: Owner) -> None:
    for number in range(5):
        ledger.locks.release(ledger.claims.acquire("shop", f"job/run-{number}", me, 600))
    with database.read() as connection:
        rows = connection.execute(sa.select(locks.c.kind, locks.c.stack, locks.c.address)).all()
    assert sorted(rows) == [("claim", "shop", "job/run-4"), ("stack", "shop", "")]
