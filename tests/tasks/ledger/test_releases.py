"""Releases in the ledger: numbered, resumed when cut off, proven or not."""

import pytest

from infra_specs.errors import Fenced, LedgerError
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import RELEASES_KEPT, ReleaseState
from infra_specs.stackfile.models.service import Service
from tasks.ledger import Lease, Ledger, Owner, Release
from tests.tasks.ledger.conftest import spec


def held(image: str) -> ReleaseManifest:
    return ReleaseManifest({"web": Service(image=image)}, {"stripe": 2})


@pytest.fixture
def shop(ledger: Ledger, lease: Lease) -> Lease:
    ledger.stacks.set_desired(lease, "shop", spec, "/srv")
    return lease


def begin(ledger: Ledger, lease: Lease, image: str, verb: str = "deploy") -> Release:
    return ledger.releases.begin(lease, verb, f"web: image {image}", content=held(image), file=held("app:0"))


def states(ledger: Ledger) -> list[tuple[int, str]]:
    return [(release.number, release.state) for release in ledger.releases.all("shop")]


def test_it_is_written_down_before_anything_is_made(ledger: Ledger, shop: Lease) -> None:
    made = begin(ledger, shop, "app:1")
    assert ledger.releases.all("shop") == (made,)
    assert (made.number, made.state, made.passed, made.verb, made.reason) == (
        1, "proving", 0, "deploy", "web: image app:1",
    )  # fmt: skip
    assert (made.content, made.file, made.ended) == (held("app:1"), held("app:0"), None)
    assert made.who == str(shop.owner)
    ledger.releases.prove(shop, 1)
    (proven,) = ledger.releases.all("shop")
    assert proven.state == "proven"
    assert proven.ended is not None
    assert begin(ledger, shop, "app:1").number == 2


def test_one_that_was_cut_off_goes_on_and_one_that_failed_does_not(ledger: Ledger, shop: Lease) -> None:
    begin(ledger, shop, "app:1")
    ledger.releases.pass_stages(shop, 1, 1)
    again = begin(ledger, shop, "app:1")
    assert (again.number, again.passed) == (1, 1)
    assert begin(ledger, shop, "app:2").number == 2
    assert states(ledger) == [(2, "proving"), (1, "failed")]
    assert "ended before it was proven" in ledger.releases.all("shop")[1].message
    ledger.releases.end(shop, 2, ReleaseState.FAILED, "no room.")
    assert begin(ledger, shop, "app:2").number == 3


def test_what_comes_back_undoes_what_is_newer(ledger: Ledger, shop: Lease) -> None:
    for number in range(1, 4):
        begin(ledger, shop, f"app:{number}")
        if number == 1:
            ledger.releases.prove(shop, 1)
        if number == 2:
            ledger.releases.end(shop, 2, ReleaseState.FAILED, "no room.")
    assert [release.number for release in ledger.releases.active("shop")] == [3, 1]
    ledger.releases.prove(shop, 1)
    assert states(ledger) == [(3, "undone"), (2, "undone"), (1, "proven")]
    assert [release.message for release in ledger.releases.all("shop")] == [
        "Its run ended before it was proven.",
        "no room.",
        "",
    ]


def test_the_file_may_catch_up(ledger: Ledger, shop: Lease) -> None:
    begin(ledger, shop, "app:1")
    ledger.releases.refile(shop, 1, held("app:9"))
    (release,) = ledger.releases.all("shop")
    assert (release.file, release.content) == (held("app:9"), held("app:1"))


def test_the_last_fifty_are_kept(ledger: Ledger, shop: Lease) -> None:
    begin(ledger, shop, "app:0")
    ledger.releases.prove(shop, 1)
    for number in range(1, RELEASES_KEPT + 5):
        begin(ledger, shop, f"app:{number}")
    numbers = [number for number, _ in states(ledger)]
    assert numbers == [*range(RELEASES_KEPT + 5, 5, -1), 1]
    assert begin(ledger, shop, "app:new").number == RELEASES_KEPT + 6


def test_they_go_with_the_stack_and_only_with_it(ledger: Ledger, shop: Lease, me: Owner) -> None:
    begin(ledger, shop, "app:1")
    blog = ledger.locks.acquire("blog", me, 600)
    ledger.stacks.set_desired(blog, "blog", spec, "/srv")
    assert (ledger.releases.all("blog"), ledger.releases.active("blog")) == ((), ())
    ledger.stacks.mark_torn_down(shop)
    assert len(ledger.releases.all("shop")) == 1
    ledger.stacks.forget(shop)
    assert ledger.releases.all("shop") == ()


def test_only_who_holds_the_lock_writes(ledger: Ledger, shop: Lease, me: Owner) -> None:
    begin(ledger, shop, "app:1")
    with pytest.raises(LedgerError, match="no release 7"):
        ledger.releases.end(shop, 7, ReleaseState.FAILED, "")
    ledger.locks.release(shop)
    ledger.locks.acquire("shop", me, 600)
    for write in (
        lambda: begin(ledger, shop, "app:2"), lambda: ledger.releases.prove(shop, 1),
        lambda: ledger.releases.pass_stages(shop, 1, 1), lambda: ledger.releases.end(shop, 1, ReleaseState.FAILED, ""),
    ):  # fmt: skip
        with pytest.raises(Fenced):
            write()
    assert states(ledger) == [(1, "proving")]
