"""What stacks have cost, and how long their replicas took to serve."""

import pytest

from infra_specs.errors import Fenced
from infra_specs.pricing.month import Spent
from tasks.ledger import Hold, Ledger, Owner
from tasks.ledger.checks import lock_name


def test_the_last_word_on_what_a_stack_has_cost_is_kept(ledger: Ledger, me: Owner) -> None:
    assert ledger.spent() == {}
    hold = ledger.acquire(lock_name, me, 60)
    ledger.record_spent(hold, {"shop": Spent("2026-11", 1.5, 10.0), "blog": Spent("2026-11", 0.0, 10.0)})
    ledger.record_spent(hold, {"shop": Spent("2026-12", 0.25, 20.0)})
    ledger.record_spent(hold, {})
    assert ledger.spent() == {"shop": Spent("2026-12", 0.25, 20.0), "blog": Spent("2026-11", 0.0, 10.0)}


def test_who_lost_the_lock_writes_nothing(ledger: Ledger, me: Owner, gone: Owner) -> None:
    lost = ledger.acquire(lock_name, gone, 60)
    ledger.acquire(lock_name, me, 60)
    with pytest.raises(Fenced):
        ledger.record_spent(lost, {"shop": Spent("2026-11", 1.0, 1.0)})
    assert ledger.spent() == {}


def test_a_services_start_is_the_median_of_its_replicas_last_ones(ledger: Ledger, me: Owner) -> None:
    hold = ledger.acquire("shop", me, 60)
    run = ledger.begin(hold, "provision", "asked for", {})
    created(ledger, hold, run, "replica/web-0", 90.0)
    for slot, seconds in enumerate([2.0, 4.0, 3.0] * 3):
        created(ledger, hold, run, f"replica/web-{slot}", seconds)
    created(ledger, hold, run, "replica/mail-out-1", 7.0)
    created(ledger, hold, run, "database/main", 60.0)
    created(ledger, hold, run, "replica/web-1", 500.0, action="destroy")
    ledger.intend(hold, run, told("replica/web-9", "create"))
    assert ledger.starts() == {("shop", "web"): 3.0, ("shop", "mail-out"): 7.0}


def told(address: str, action: str) -> dict[str, str]:
    return {"action": action, "address": address, "reason": "missing", "text": address}


def created(ledger: Ledger, hold: Hold, run: str, address: str, seconds: float, action: str = "create") -> None:
    ledger.outcome(hold, ledger.intend(hold, run, told(address, action)), "done", "", seconds)
