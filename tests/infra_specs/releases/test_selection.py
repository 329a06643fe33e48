"""Which release runs, which is gone back to, which are kept."""

from dataclasses import dataclass

import pytest

from infra_specs.errors import LedgerError, PlanError
from infra_specs.releases.manifest import ReleaseManifest
from infra_specs.releases.selection import (
    RELEASES_KEPT,
    ReleaseState,
    current,
    expired,
    is_settled,
    releases_to_compare,
    rollback_candidate,
)
from tests.infra_specs.releases.shop import held, shop

pytestmark = pytest.mark.pure


@dataclass(frozen=True)
class NumberedRelease:
    number: int
    state: ReleaseState
    content: ReleaseManifest
    verb: str = "deploy"


def releases_from(*lines: str) -> list[NumberedRelease]:
    """`3 proven app:2`, or `3 proven app:2 rollback`, the newest first."""
    parts = [line.split() for line in lines]
    return [
        NumberedRelease(int(number), ReleaseState(state), held(shop(image=image)), *verb)
        for number, state, image, *verb in parts
    ]


@pytest.mark.parametrize(
    ("releases", "runs"),
    [
        ((), None),
        (("1 proving a:1",), 1),
        (("2 failed a:2", "1 undone a:1"), 2),
        (("3 proving a:3", "2 failed a:2", "1 proven a:1"), 1),
        (("3 proven a:3", "2 proven a:2"), 3),
    ],
)
def test_the_last_proven_runs_or_while_none_is_the_newest(releases: tuple[str, ...], runs: int | None) -> None:
    release = current(releases_from(*releases))
    assert (release.number if release else None) == runs


@pytest.mark.parametrize(
    ("releases", "settled"),
    [
        ((), False),
        (("1 proving a:1",), False),
        (("2 failed a:2", "1 undone a:1"), False),
        (("1 proven a:1",), True),
        (("2 undone a:2", "1 proven a:1"), True),
        (("2 failed a:2", "1 proven a:1"), False),
        (("2 proving a:2", "1 proven a:1"), False),
    ],
)
def test_it_is_settled_once_nothing_is_rolled_out_or_to_be_undone(releases: tuple[str, ...], *, settled: bool) -> None:
    assert is_settled(releases_from(*releases)) == settled


HISTORY = ("6 undone a:9", "5 proven a:3", "4 proven a:3", "3 failed a:8", "2 proven a:2", "1 proven a:1")


@pytest.mark.parametrize(("number", "meant"), [(0, 2), (1, 1), (5, 5)])
def test_gone_back_to_is_what_was_proven_and_another(number: int, meant: int) -> None:
    assert rollback_candidate("shop", releases_from(*HISTORY), number).number == meant


@pytest.mark.parametrize(
    ("releases", "meant"),
    [
        (("4 proven a:2 rollback", "3 proven a:3", "2 proven a:2", "1 proven a:1"), 1),
        (("5 proven a:4", "4 proven a:2 rollback", "3 proven a:3", "2 proven a:2", "1 proven a:1"), 4),
        (("5 proven a:3 rollback", "4 proven a:2 rollback", "3 proven a:3", "2 proven a:2", "1 proven a:1"), 1),
        (("5 proven a:4", "4 proven a:2", "3 proven a:1 rollback", "2 proven a:2", "1 proven a:1"), 4),
        (("4 undone a:4 rollback", "3 proven a:3", "2 proven a:2"), 2),
    ],
    ids=["again", "what served before", "one that was named", "brought again since", "a rollback that failed"],
)
def test_no_rollback_goes_where_a_rollback_came_from(releases: tuple[str, ...], meant: int) -> None:
    assert rollback_candidate("shop", releases_from(*releases), 0).number == meant


@pytest.mark.parametrize(
    ("releases", "said"),
    [
        (("1 proven a:1",), "shop has no other release to go back to. Proven: 1."),
        (
            ("3 proven a:1 rollback", "2 proven a:2", "1 proven a:1"),
            "shop has no release to go back to: it was rolled back from every other one that was proven (2). Name the "
            "release if you want one of these again: tenfold rollback shop 2",
        ),
    ],
)
def test_nothing_to_go_back_to(releases: tuple[str, ...], said: str) -> None:
    with pytest.raises(PlanError) as raised:
        rollback_candidate("shop", releases_from(*releases), 0)
    assert str(raised.value) == said


@pytest.mark.parametrize(
    ("releases", "number", "said"),
    [
        (HISTORY, 3, r"Release 3 of shop was never proven \(failed\).*Proven: 5, 4, 2, 1\."),
        (HISTORY, 9, r"no release 9, or it is no longer kept\. Proven: 5, 4, 2, 1\."),
        (("2 proven a:1", "1 proven a:1"), 0, r"no other release to go back to\. Proven: 2, 1\."),
        ((), 0, r"no other release to go back to\. Proven: none yet\."),
    ],
)
def test_what_cannot_be_gone_back_to(releases: tuple[str, ...], number: int, said: str) -> None:
    with pytest.raises(PlanError, match=said):
        rollback_candidate("shop", releases_from(*releases), number)


def test_the_last_fifty_are_kept_and_the_one_that_runs() -> None:
    failed = [f"{number} failed a:{number}" for number in range(RELEASES_KEPT + 3, 1, -1)]
    assert expired(releases_from(*failed, "1 proven a:1")) == (3, 2)
    assert expired(releases_from("2 proven a:2", "1 proven a:1")) == ()


@pytest.mark.parametrize(
    ("first", "second", "numbers"),
    [(0, 0, (2, 4)), (1, 0, (1, 4)), (0, 2, (1, 2)), (4, 3, (4, 3)), (0, 5, (4, 5)), (2, 2, (2, 2))],
)
def test_without_numbers_the_current_release_is_compared_with_the_one_before(
    first: int, second: int, numbers: tuple[int, int]
) -> None:
    releases = releases_from("5 failed a:5", "4 proven a:4", "3 failed a:3", "2 proven a:2", "1 undone a:1")
    before, after = releases_to_compare("shop", releases, first, second)
    assert (before.number, after.number) == numbers


@pytest.mark.parametrize(
    ("lines", "first", "second", "error"),
    [
        ((), 0, 0, "shop has no release yet."),
        (("1 proven a:1",), 0, 0, "shop has no release before 1 to compare it with."),
        (("2 proven a:2", "1 proven a:1"), 9, 0, "shop has no release 9, or it is no longer kept. There are: 2, 1."),
        (("2 proven a:2", "1 proven a:1"), 1, 9, "shop has no release 9, or it is no longer kept. There are: 2, 1."),
    ],
)
def test_a_release_that_does_not_exist_is_not_compared(
    lines: tuple[str, ...], first: int, second: int, error: str
) -> None:
    with pytest.raises(LedgerError) as raised:
        releases_to_compare("shop", releases_from(*lines), first, second)
    assert str(raised.value) == error
