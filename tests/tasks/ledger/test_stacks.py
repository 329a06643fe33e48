"""Stacks as last wanted."""

import pytest

from infra_specs.errors import LedgerError
from tasks.ledger import Lease, Ledger, Owner
from tests.tasks.ledger.conftest import spec


def test_what_was_wanted_comes_back(ledger: Ledger, lease: Lease) -> None:
    assert ledger.stacks.find("shop") is None
    ledger.stacks.set_desired(lease, "shop", spec, "/code/shop")
    wanted = ledger.stacks.find("shop")
    assert wanted is not None
    assert (wanted.name, wanted.spec, wanted.source) == ("shop", spec, "/code/shop")
    assert (wanted.target, wanted.wanted, wanted.override_counts) == ("local", True, {})


def test_wanting_the_same_again_changes_nothing(ledger: Ledger, lease: Lease) -> None:
    ledger.stacks.set_desired(lease, "shop", spec, "/code/shop")
    before = ledger.stacks.find("shop")
    ledger.stacks.set_desired(lease, "shop", spec, "/code/shop")
    assert ledger.stacks.find("shop") == before
    ledger.stacks.set_desired(lease, "shop", {**spec, "headroom": 5}, "/code/shop")
    after = ledger.stacks.find("shop")
    assert after is not None
    assert before is not None
    assert after.since > before.since


def test_a_stack_is_wanted_under_its_own_lock(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(LedgerError, match=r"The lock is shop's and the spec blog's"):
        ledger.stacks.set_desired(lease, "blog", spec, "/code")


def test_a_count_that_was_asked_for_is_kept_until_it_is_cleared(ledger: Ledger, lease: Lease) -> None:
    ledger.stacks.set_desired(lease, "shop", spec, "/code/shop")
    ledger.stacks.override(lease, "web", 3, "web: 1 to 3 replicas, by hand")
    ledger.stacks.override(lease, "web", 4, "web: 3 to 4 replicas, by hand")
    ledger.stacks.override(lease, "worker", 0, "worker: none tonight")
    ledger.stacks.set_desired(lease, "shop", {**spec, "headroom": 5}, "/code/shop")
    wanted = ledger.stacks.find("shop")
    assert wanted is not None
    assert wanted.override_counts == {"web": 4, "worker": 0}
    assert wanted.overrides["web"].reason == "web: 3 to 4 replicas, by hand"
    ledger.stacks.clear_override(lease, "web")
    ledger.stacks.clear_override(lease, "web")
    assert [record.override_counts for record in ledger.stacks.all()] == [{"worker": 0}]


def test_nothing_can_be_asked_of_an_unknown_stack(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(LedgerError, match="knows no stack `shop`"):
        ledger.stacks.override(lease, "web", 3, "by hand")


def test_torn_down_it_is_remembered_and_forgotten_it_is_not(ledger: Ledger, lease: Lease, me: Owner) -> None:
    blog = ledger.locks.acquire("blog", me, 600)
    ledger.stacks.set_desired(blog, "blog", spec, "/code/blog")
    ledger.secrets.set("blog", "stripe", "other")
    ledger.stacks.set_desired(lease, "shop", spec, "/code/shop")
    ledger.stacks.override(lease, "web", 3, "by hand")
    ledger.secrets.set("shop", "stripe", "value")
    ledger.runs.finish(lease, ledger.runs.begin(lease, "teardown", "asked for", {}), "done", "")
    ledger.stacks.mark_torn_down(lease)
    wanted = ledger.stacks.find("shop")
    assert wanted is not None
    assert (wanted.wanted, wanted.spec) == (False, spec)
    ledger.stacks.set_desired(lease, "shop", spec, "/code/shop")
    assert [(record.name, record.wanted) for record in ledger.stacks.all()] == [("blog", True), ("shop", True)]

    ledger.stacks.forget(lease)
    ledger.stacks.forget(lease)
    assert [record.name for record in ledger.stacks.all()] == ["blog"]
    assert ledger.stacks.find("shop") is None
    assert ledger.secrets.newest("shop") == ()
    assert ledger.secrets.value("blog", "stripe", 1) == "other"
    assert [run.verb for run in ledger.runs.history("shop", 10)] == ["teardown"]
    ledger.stacks.set_desired(lease, "shop", spec, "/code/shop")
    again = ledger.stacks.find("shop")
    assert again is not None
    assert again.override_counts == {}
