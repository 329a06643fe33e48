"""The lock within one process: who gets it, who is told what, and what a lost one may still do: nothing."""

import re
import time
from dataclasses import replace

import pytest

from infra_specs.errors import Fenced, LockHeld
from tasks.ledger import Lease, Ledger, Owner, keep_renewed
from tests.tasks.ledger.child import change
from tests.tasks.ledger.conftest import spec


def acquired_late(ledger: Ledger, stack: str, owner: Owner, lease_seconds: float) -> Lease:
    """The lock, as soon as it can be had."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return ledger.locks.acquire(stack, owner, lease_seconds)
        except LockHeld:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_stack_that_is_being_torn_down_says_what_brings_it_back(ledger: Ledger, me: Owner) -> None:
    teardown = replace(me, verb="teardown")
    ledger.locks.acquire("shop", teardown, 60)
    with pytest.raises(LockHeld) as raised:
        ledger.locks.acquire("shop", replace(me, verb="deploy"), 60)
    said = re.sub(r"since .+ UTC \(for \d+ s\)", "since THEN", str(raised.value))
    assert said == (
        f"shop is being torn down by {teardown} since THEN. When it is down, bring it back: tenfold provision shop"
    )
    with pytest.raises(LockHeld, match=r"shop is being changed by teardown .+; wait for it with --wait or try again"):
        ledger.locks.acquire("shop", teardown, 60)


def test_a_second_is_told_who_has_it_and_since_when(ledger: Ledger, lease: Lease, me: Owner) -> None:
    with pytest.raises(LockHeld) as refused:
        ledger.locks.acquire("shop", me, 10)
    when = r"since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \(for \d+ s\)"
    who = re.escape(f"provision ({me.who} on {me.host}, pid {me.pid})")
    assert re.fullmatch(
        rf"shop is being changed by {who} {when}; wait for it with --wait or try again", str(refused.value)
    )


def test_the_flow_run_is_named(ledger: Ledger, elsewhere: Owner, me: Owner) -> None:
    ledger.locks.acquire("shop", elsewhere, 600)
    with pytest.raises(LockHeld, match=rf"pid {me.pid}, flow run f-1\) since"):
        ledger.locks.acquire("shop", me, 10)


def test_stacks_have_locks_of_their_own(ledger: Ledger, lease: Lease, me: Owner) -> None:
    other = ledger.locks.acquire("blog", me, 600)
    ledger.locks.check(lease)
    ledger.locks.check(other)


def test_a_released_lock_is_free_and_its_fence_goes_on(ledger: Ledger, me: Owner) -> None:
    fences = []
    for _ in range(3):
        lease = ledger.locks.acquire("shop", me, 600)
        fences.append(lease.fence)
        ledger.locks.release(lease)
        assert ledger.locks.holder("shop") is None
    assert fences == [1, 2, 3]


def test_the_holder_is_seen(ledger: Ledger, lease: Lease, me: Owner) -> None:
    seen = ledger.locks.holder("shop")
    assert seen is not None
    assert (seen.owner, seen.fence) == (me, lease.fence)
    assert seen.until == pytest.approx(seen.since + 600)
    assert ledger.locks.holder("blog") is None


def test_taken_over_at_once_from_one_who_is_gone(ledger: Ledger, gone: Owner, me: Owner) -> None:
    lost = ledger.locks.acquire("shop", gone, 600)
    ours = ledger.locks.acquire("shop", me, 600)
    assert ours.fence == lost.fence + 1
    with pytest.raises(Fenced, match=rf"no longer has the lock: provision .* pid {me.pid}\) has it since"):
        ledger.locks.check(lost)


def test_not_taken_over_from_another_pid_namespace(ledger: Ledger, gone: Owner, me: Owner) -> None:
    ledger.locks.acquire("shop", replace(gone, namespace="pid:[1]"), 600)
    with pytest.raises(LockHeld):
        ledger.locks.acquire("shop", me, 600)


def test_one_elsewhere_is_waited_for_until_its_lease_ends(ledger: Ledger, elsewhere: Owner, me: Owner) -> None:
    lost = ledger.locks.acquire("shop", elsewhere, 0.5)
    ours = acquired_late(ledger, "shop", me, 600)
    assert ours.fence == lost.fence + 1


def test_a_lease_that_ran_out_is_lost_though_nobody_followed(ledger: Ledger, elsewhere: Owner) -> None:
    lease = ledger.locks.acquire("shop", elsewhere, 0.01)
    time.sleep(0.05)
    with pytest.raises(Fenced, match=r"the lease of this provision, 0\.01 s, ran out"):
        ledger.locks.check(lease)
    with pytest.raises(Fenced):
        ledger.locks.renew(lease)


def test_a_lost_lock_writes_nothing(ledger: Ledger, gone: Owner, me: Owner) -> None:
    lost = ledger.locks.acquire("shop", gone, 600)
    ledger.stacks.set_desired(lost, "shop", spec, "/before")
    run = ledger.runs.begin(lost, "provision", "asked for", {})
    intent = ledger.runs.intend(lost, run, change)
    ours = ledger.locks.acquire("shop", me, 600)
    for write in (
        lambda: ledger.stacks.set_desired(lost, "shop", spec, "/after"),
        lambda: ledger.stacks.mark_torn_down(lost),
        lambda: ledger.stacks.forget(lost),
        lambda: ledger.stacks.override(lost, "web", 3, "by hand"),
        lambda: ledger.stacks.clear_override(lost, "web"),
        lambda: ledger.runs.begin(lost, "provision", "asked for", {}),
        lambda: ledger.runs.intend(lost, run, change),
        lambda: ledger.runs.outcome(lost, intent, "done", "", 1.0),
        lambda: ledger.runs.finish(lost, run, "done", ""),
        lambda: ledger.secrets.ensure(lost, "shop", "database"),
        lambda: ledger.locks.renew(lost),
    ):
        with pytest.raises(Fenced):
            write()
    ledger.locks.release(lost)
    ledger.locks.check(ours)
    wanted = ledger.stacks.find("shop")
    assert wanted is not None
    assert (wanted.source, wanted.wanted, wanted.override_counts) == ("/before", True, {})
    assert ledger.secrets.versions("shop") == {}
    (only,) = ledger.runs.history("shop", 10)
    assert [one.state for one in only.changes] == ["intended"]


def test_a_released_lock_writes_nothing(ledger: Ledger, lease: Lease) -> None:
    ledger.locks.release(lease)
    with pytest.raises(Fenced, match=r"this provision no longer has the lock\. It does nothing more"):
        ledger.runs.begin(lease, "provision", "asked for", {})
    with pytest.raises(Fenced):
        ledger.locks.check(lease)


def test_held_renews_and_releases(ledger: Ledger, lease: Lease) -> None:
    first = ledger.locks.holder("shop")
    assert first is not None
    with keep_renewed(ledger, lease, 0.3):
        deadline = time.monotonic() + 60
        while (seen := ledger.locks.holder("shop")) and seen.until <= first.until:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        ledger.locks.check(lease)
    assert ledger.locks.holder("shop") is None


def test_held_releases_after_an_error(ledger: Ledger, lease: Lease) -> None:
    with pytest.raises(ZeroDivisionError), keep_renewed(ledger, lease, 600):
        raise ZeroDivisionError
    assert ledger.locks.holder("shop") is None


def test_held_leaves_a_lock_alone_that_it_lost(ledger: Ledger, gone: Owner, me: Owner) -> None:
    lost = ledger.locks.acquire("shop", gone, 600)
    with keep_renewed(ledger, lost, 0.1):
        ours = ledger.locks.acquire("shop", me, 600)
        time.sleep(0.2)
    ledger.locks.check(ours)
