"""Decisions: those that say something new are kept, the others make the last one longer."""

import pytest

from infra_specs.errors import Fenced, LedgerError
from tasks.ledger import Lease, Ledger, Owner
from tests.tasks.ledger.checking import began, checked, checks, decided, keep, key, seen

__all__ = ["checks"]


def kept(ledger: Ledger) -> list[tuple[float, float, int]]:
    """since, until and checks of every row, the oldest first, in seconds from the beginning."""
    records = reversed(ledger.decisions.recent(*key, limit=1000))
    return [(record.since - began, record.until - began, record.checks) for record in records]


def decide(ledger: Ledger, lease: Lease, seconds: float, *args: int, **changed: object) -> str:
    """One check after so many seconds; the id that its decision is kept under."""
    at = began + seconds
    decision = decided(at, *args, **changed)  # type: ignore[arg-type]
    return keep(ledger, lease, at, checked(at, decision=decision))[key]


def test_a_decision_is_kept_whole(ledger: Ledger, checks: Lease) -> None:
    made = decided(began, 2, 5, "250 requests in flight", steps=("recommend", "step"))
    ids = keep(ledger, checks, began, checked(began, decision=made))
    (record,) = ledger.decisions.recent("shop", None, 10)
    assert (record.id, record.stack, record.decision) == (ids[key], "shop", made)
    assert (record.since, record.until, record.checks, record.flow_run_id) == (began, began, 1, None)
    assert ledger.decisions.recent("shop", "api", 10) == ledger.decisions.recent("other", None, 10) == ()


def test_a_day_of_nothing_new_is_one_row_with_the_last_sentence(ledger: Ledger, checks: Lease) -> None:
    ids = {decide(ledger, checks, 15 * number, why=f"{number} requests in flight") for number in range(40)}
    assert len(ids) == 1
    assert kept(ledger) == [(0, 585, 40)]
    (record,) = ledger.decisions.recent(*key, 10)
    assert "39 requests in flight" in record.decision.reason
    assert record.decision.at == began + 585


def test_a_change_is_a_row_and_so_is_what_comes_after(ledger: Ledger, checks: Lease) -> None:
    for seconds, before, replicas in ((0, 2, 2), (15, 2, 2), (30, 2, 4), (45, 4, 4), (60, 4, 4)):
        decide(ledger, checks, seconds, before, replicas)
    assert kept(ledger) == [(0, 15, 2), (30, 30, 1), (45, 60, 2)]


def test_advice_that_nobody_follows_is_one_row(ledger: Ledger, checks: Lease) -> None:
    for seconds in range(0, 60, 15):
        decide(ledger, checks, seconds, 2, 5, mode="advise")
    assert kept(ledger) == [(0, 45, 4)]


def test_what_has_started_a_run_and_comes_again_is_another(ledger: Ledger, checks: Lease) -> None:
    first = decide(ledger, checks, 0, 2, 5)
    assert decide(ledger, checks, 15, 2, 5) == first, "its run could not be started yet"
    ledger.decisions.acted(checks, first, "run-1")
    again = decide(ledger, checks, 30, 2, 5)
    assert again != first
    assert [record.flow_run_id for record in ledger.decisions.recent(*key, 10)] == [None, "run-1"]


def test_another_kind_of_reason_is_a_row_of_its_own_after_five_minutes(ledger: Ledger, checks: Lease) -> None:
    decide(ledger, checks, 0)
    decide(ledger, checks, 15, steps=("recommend", "budget"))
    assert kept(ledger) == [(0, 15, 2)], "reasons that alternate share a row"
    for seconds in range(30, 315, 15):
        decide(ledger, checks, seconds)
    decide(ledger, checks, 315, measured=seen(began + 315, status="stale"))
    assert kept(ledger) == [(0, 300, 21), (315, 315, 1)]


def test_a_gap_between_checks_is_not_glossed_over(ledger: Ledger, checks: Lease) -> None:
    for seconds in (0, 15, 3600):
        decide(ledger, checks, seconds)
    assert kept(ledger) == [(0, 15, 2), (3600, 3600, 1)]


def test_an_unknown_decision_started_nothing(ledger: Ledger, checks: Lease) -> None:
    with pytest.raises(LedgerError, match="no decision 77"):
        ledger.decisions.acted(checks, "77", "run-1")


def test_who_lost_the_lock_of_the_checks_writes_nothing(ledger: Ledger, elsewhere: Owner, me: Owner) -> None:
    late = ledger.checks.acquire(me, 0.0)
    ledger.checks.acquire(elsewhere, 600)
    with pytest.raises(Fenced):
        keep(ledger, late, began, checked(began, decision=decided(began)))
    with pytest.raises(Fenced):
        ledger.decisions.acted(late, "1", "run-1")
    assert ledger.decisions.recent(*key, 10) == ledger.measurements.samples(*key, began, began) == ()
    assert ledger.checks.recall() == {}
    assert ledger.checks.last() is None
