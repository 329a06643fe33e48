"""A canary is undone for failing surely more often, and not by chance."""

import pytest

from infra_specs.releases.canary import Seen, judge

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("new", "old", "state"),
    [
        (Seen(0, 0), Seen(0, 0), "unknown"),
        (Seen(19, 19), Seen(500, 0), "unknown"),
        (Seen(100, 0), Seen(900, 0), "as good"),
        (Seen(100, 1), Seen(900, 0), "as good"),  # one by chance
        (Seen(100, 5), Seen(900, 0), "worse"),
        (Seen(100, 100), Seen(900, 3), "worse"),
        (Seen(100, 20), Seen(900, 180), "as good"),  # both fail as often
        (Seen(100, 5), Seen(900, 180), "as good"),  # it is better
        (Seen(1000, 40), Seen(9000, 180), "worse"),  # twice as often, and enough of them to know
        (Seen(50, 2), Seen(5, 0), "worse"),  # nothing to compare with is taken for flawless
        (Seen(20, 0), Seen(19, 0), "as good"),  # and so is what never failed
        (Seen(20, 21), Seen(200, 0), "worse"),  # attempts that failed count one by one
        (Seen(100, 5), Seen(30, 40), "as good"),
    ],
)
def test_verdict(new: Seen, old: Seen, state: str) -> None:
    verdict = judge(new, old)
    assert verdict.state == state
    assert f"canary: {new}; beside it: {old}" in verdict.reason
