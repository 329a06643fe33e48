"""What stacks have cost."""

import pytest

from infra_specs.errors import Fenced
from infra_specs.pricing.month import Spent
from tasks.ledger import Hold, Ledger, Owner
from tasks.ledger.checks import lock_name
from tests.tasks.ledger.conftest import spec


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


def test_what_is_torn_down_costs_nothing(ledger: Ledger, hold: Hold, me: Owner) -> None:
    ledger.want(hold, "shop", spec, "/srv")
    ledger.record_spent(ledger.acquire(lock_name, me, 60), {"shop": Spent("2026-11", 3.0, 10.0)})
    ledger.want(hold, "shop", {**spec, "headroom": 5}, "/srv")
    assert ledger.spent() == {"shop": Spent("2026-11", 3.0, 10.0)}, "who changes the spec pays on"
    ledger.unwant(hold)
    ledger.want(hold, "shop", spec, "/srv")
    known = ledger.wanted("shop")
    assert known is not None
    assert ledger.spent() == {"shop": Spent("2026-11", 3.0, known.since)}
