"""Stacks as last wanted."""

import pytest

from infra_specs.errors import LedgerError
from tasks.ledger import Hold, Ledger, Owner
from tests.tasks.ledger.conftest import spec


def test_what_was_wanted_comes_back(ledger: Ledger, hold: Hold) -> None:
    assert ledger.wanted("shop") is None
    ledger.want(hold, "shop", spec, "/code/shop")
    wanted = ledger.wanted("shop")
    assert wanted is not None
    assert (wanted.name, wanted.spec, wanted.source) == ("shop", spec, "/code/shop")
    assert (wanted.target, wanted.wanted, wanted.overrides) == ("local", True, {})


def test_wanting_the_same_again_changes_nothing(ledger: Ledger, hold: Hold) -> None:
    ledger.want(hold, "shop", spec, "/code/shop")
    before = ledger.wanted("shop")
    ledger.want(hold, "shop", spec, "/code/shop")
    assert ledger.wanted("shop") == before
    ledger.want(hold, "shop", {**spec, "headroom": 5}, "/code/shop")
    after = ledger.wanted("shop")
    assert after is not None
    assert before is not None
    assert after.since > before.since


def test_a_stack_is_wanted_under_its_own_lock(ledger: Ledger, hold: Hold) -> None:
    with pytest.raises(LedgerError, match=r"The lock is shop's and the spec blog's"):
        ledger.want(hold, "blog", spec, "/code")


def test_a_count_that_was_asked_for_is_kept_until_it_is_cleared(ledger: Ledger, hold: Hold) -> None:
    ledger.want(hold, "shop", spec, "/code/shop")
    ledger.override(hold, "web", 3, "web: 1 to 3 replicas, by hand")
    ledger.override(hold, "web", 4, "web: 3 to 4 replicas, by hand")
    ledger.override(hold, "worker", 0, "worker: none tonight")
    ledger.want(hold, "shop", {**spec, "headroom": 5}, "/code/shop")
    wanted = ledger.wanted("shop")
    assert wanted is not None
    assert wanted.overrides == {"web": 4, "worker": 0}
    assert wanted.asked["web"].reason == "web: 3 to 4 replicas, by hand"
    ledger.clear_override(hold, "web")
    ledger.clear_override(hold, "web")
    assert [one.overrides for one in ledger.stacks()] == [{"worker": 0}]


def test_nothing_can_be_asked_of_an_unknown_stack(ledger: Ledger, hold: Hold) -> None:
    with pytest.raises(LedgerError, match="knows no stack `shop`"):
        ledger.override(hold, "web", 3, "by hand")


def test_torn_down_it_is_remembered_and_forgotten_it_is_not(ledger: Ledger, hold: Hold, me: Owner) -> None:
    blog = ledger.acquire("blog", me, 600)
    ledger.want(blog, "blog", spec, "/code/blog")
    ledger.secret_set("blog", "stripe", "other")
    ledger.want(hold, "shop", spec, "/code/shop")
    ledger.override(hold, "web", 3, "by hand")
    ledger.secret_set("shop", "stripe", "value")
    ledger.finish(hold, ledger.begin(hold, "teardown", "asked for", {}), "done", "")
    ledger.unwant(hold)
    wanted = ledger.wanted("shop")
    assert wanted is not None
    assert (wanted.wanted, wanted.spec) == (False, spec)
    ledger.want(hold, "shop", spec, "/code/shop")
    assert [(one.name, one.wanted) for one in ledger.stacks()] == [("blog", True), ("shop", True)]

    ledger.forget(hold)
    ledger.forget(hold)
    assert [one.name for one in ledger.stacks()] == ["blog"]
    assert ledger.wanted("shop") is None
    assert ledger.secret_list("shop") == ()
    assert ledger.secret_value("blog", "stripe", 1) == "other"
    assert [run.verb for run in ledger.history("shop", 10)] == ["teardown"]
    ledger.want(hold, "shop", spec, "/code/shop")
    again = ledger.wanted("shop")
    assert again is not None
    assert again.overrides == {}
