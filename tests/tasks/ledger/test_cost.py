"""What stacks have cost."""

import pytest

from infra_specs.errors import Fenced
from infra_specs.pricing.month import Spent
from tasks.ledger import Lease, Ledger, Owner
from tasks.ledger.checks import CHECK_LOCK
from tests.tasks.ledger.conftest import spec


def test_the_last_word_on_what_a_stack_has_cost_is_kept(ledger: Ledger, me: Owner) -> None:
    assert ledger.month_costs() == {}
    lease = ledger.acquire(CHECK_LOCK, me, 60)
    ledger.record_costs(lease, {"shop": Spent("2026-11", 1.5, 10.0), "blog": Spent("2026-11", 0.0, 10.0)})
    ledger.record_costs(lease, {"shop": Spent("2026-12", 0.25, 20.0)})
    ledger.record_costs(lease, {})
    assert ledger.month_costs() == {"shop": Spent("2026-12", 0.25, 20.0), "blog": Spent("2026-11", 0.0, 10.0)}


def test_who_lost_the_lock_writes_nothing(ledger: Ledger, me: Owner, gone: Owner) -> None:
    lost = ledger.acquire(CHECK_LOCK, gone, 60)
    ledger.acquire(CHECK_LOCK, me, 60)
    with pytest.raises(Fenced):
        ledger.record_costs(lost, {"shop": Spent("2026-11", 1.0, 1.0)})
    assert ledger.month_costs() == {}


def test_what_is_torn_down_costs_nothing(ledger: Ledger, lease: Lease, me: Owner) -> None:
    ledger.set_desired(lease, "shop", spec, "/srv")
    ledger.record_costs(ledger.acquire(CHECK_LOCK, me, 60), {"shop": Spent("2026-11", 3.0, 10.0)})
    ledger.set_desired(lease, "shop", {**spec, "headroom": 5}, "/srv")
    assert ledger.month_costs() == {"shop": Spent("2026-11", 3.0, 10.0)}, "who changes the spec pays on"
    ledger.mark_torn_down(lease)
    ledger.set_desired(lease, "shop", spec, "/srv")
    known = ledger.stack_record("shop")
    assert known is not None
    assert ledger.month_costs() == {"shop": Spent("2026-11", 3.0, known.since)}
