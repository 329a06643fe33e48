"""What stacks have cost."""

import pytest

from infra_specs.errors import Fenced
from infra_specs.pricing.month import Spent
from tasks.ledger import Lease, Ledger, Owner
from tests.tasks.ledger.conftest import spec


def test_the_last_word_on_what_a_stack_has_cost_is_kept(ledger: Ledger, me: Owner) -> None:
    assert ledger.costs.this_month() == {}
    lease = ledger.checks.acquire(me, 60)
    ledger.costs.record(lease, {"shop": Spent("2026-11", 1.5, 10.0), "blog": Spent("2026-11", 0.0, 10.0)})
    ledger.costs.record(lease, {"shop": Spent("2026-12", 0.25, 20.0)})
    ledger.costs.record(lease, {})
    assert ledger.costs.this_month() == {"shop": Spent("2026-12", 0.25, 20.0), "blog": Spent("2026-11", 0.0, 10.0)}


def test_who_lost_the_lock_writes_nothing(ledger: Ledger, me: Owner, gone: Owner) -> None:
    lost = ledger.checks.acquire(gone, 60)
    ledger.checks.acquire(me, 60)
    with pytest.raises(Fenced):
        ledger.costs.record(lost, {"shop": Spent("2026-11", 1.0, 1.0)})
    assert ledger.costs.this_month() == {}


def test_what_is_torn_down_costs_nothing(ledger: Ledger, lease: Lease, me: Owner) -> None:
    ledger.stacks.set_desired(lease, "shop", spec, "/srv")
    ledger.costs.record(ledger.checks.acquire(me, 60), {"shop": Spent("2026-11", 3.0, 10.0)})
    ledger.stacks.set_desired(lease, "shop", {**spec, "headroom": 5}, "/srv")
    assert ledger.costs.this_month() == {"shop": Spent("2026-11", 3.0, 10.0)}, "who changes the spec pays on"
    ledger.stacks.mark_torn_down(lease)
    ledger.stacks.set_desired(lease, "shop", spec, "/srv")
    known = ledger.stacks.find("shop")
    assert known is not None
    assert ledger.costs.this_month() == {"shop": Spent("2026-11", 3.0, known.since)}
