"""Stacks as last wanted."""

import pytest

from infra_specs.errors import LedgerError
from tasks.ledger import Lease, Ledger, Owner
from tests.tasks.ledger.conftest import spec


def test_what_was_wanted_comes_back(ledger: Ledger, lease: Lease) -> None:
    assert ledger.stack_record("shop") is None
    ledger.set_desired(lease, "shop", spec, "/code/shop")
    wanted = ledger.stack_record("shop")
    assert wanted is not None
    assert (wanted.name, wanted.spec, wanted.source) == ("shop", spec, "/code/shop")
    assert (wanted.target, wanted.wanted, wanted.override_counts) == ("local", True, {})


def test_wanting_the_same_again_changes_nothing(ledger: Ledger, lease: Lease) -> None:
    ledger.set_desired(lease, "shop", spec, "/code/shop")
    before = ledger.stack_record("shop")
    ledger.set_desired(lease, "shop", spec, "/code/shop")
    assert ledger.stack_record("shop") == before
    ledger.set_desired(lease, "shop", {**spec, "headroom": 5}, "/code/shop")
    after = ledger.stack_record("shop")
    assert after is not None
    assert before is not None
    assert after.since > before.since


def test_a_stack_is_wanted_under_its_own_lock(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(LedgerError, match=r"The lock is shop's and the spec blog's"):
        ledger.set_desired(lease, "blog", spec, "/code")


def test_a_count_that_was_asked_for_is_kept_until_it_is_cleared(ledger: Ledger, lease: Lease) -> None:
    ledger.set_desired(lease, "shop", spec, "/code/shop")
    ledger.override(lease, "web", 3, "web: 1 to 3 replicas, by hand")
    ledger.override(lease, "web", 4, "web: 3 to 4 replicas, by hand")
    ledger.override(lease, "worker", 0, "worker: none tonight")
    ledger.set_desired(lease, "shop", {**spec, "headroom": 5}, "/code/shop")
    wanted = ledger.stack_record("shop")
    assert wanted is not None
    assert wanted.override_counts == {"web": 4, "worker": 0}
    assert wanted.overrides["web"].reason == "web: 3 to 4 replicas, by hand"
    ledger.clear_override(lease, "web")
    ledger.clear_override(lease, "web")
    assert [one.override_counts for one in ledger.stacks()] == [{"worker": 0}]


def test_nothing_can_be_asked_of_an_unknown_stack(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(LedgerError, match="knows no stack `shop`"):
        ledger.override(lease, "web", 3, "by hand")


def test_torn_down_it_is_remembered_and_forgotten_it_is_not(ledger: Ledger, lease: Lease, me: Owner) -> None:
    blog = ledger.acquire("blog", me, 600)
    ledger.set_desired(blog, "blog", spec, "/code/blog")
    ledger.secret_set("blog", "stripe", "other")
    ledger.set_desired(lease, "shop", spec, "/code/shop")
    ledger.override(lease, "web", 3, "by hand")
    ledger.secret_set("shop", "stripe", "value")
    ledger.finish(lease, ledger.begin(lease, "teardown", "asked for", {}), "done", "")
    ledger.mark_torn_down(lease)
    wanted = ledger.stack_record("shop")
    assert wanted is not None
    assert (wanted.wanted, wanted.spec) == (False, spec)
    ledger.set_desired(lease, "shop", spec, "/code/shop")
    assert [(one.name, one.wanted) for one in ledger.stacks()] == [("blog", True), ("shop", True)]

    ledger.forget(lease)
    ledger.forget(lease)
    assert [one.name for one in ledger.stacks()] == ["blog"]
    assert ledger.stack_record("shop") is None
    assert ledger.secret_list("shop") == ()
    assert ledger.secret_value("blog", "stripe", 1) == "other"
    assert [run.verb for run in ledger.history("shop", 10)] == ["teardown"]
    ledger.set_desired(lease, "shop", spec, "/code/shop")
    again = ledger.stack_record("shop")
    assert again is not None
    assert again.override_counts == {}
