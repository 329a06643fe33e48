"""A canary is undone for failing surely more often, and not by chance."""

import pytest

from infra_specs.releases.canary import RequestCount, judge

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    ("new", "old", "state"),
    [
        (RequestCount(0, 0), RequestCount(0, 0), "unknown"),
        (RequestCount(19, 19), RequestCount(500, 0), "unknown"),
        (RequestCount(100, 0), RequestCount(900, 0), "as good"),
        (RequestCount(100, 1), RequestCount(900, 0), "as good"),  # one by chance
        (RequestCount(100, 5), RequestCount(900, 0), "worse"),
        (RequestCount(100, 100), RequestCount(900, 3), "worse"),
        (RequestCount(100, 20), RequestCount(900, 180), "as good"),  # both fail as often
        (RequestCount(100, 5), RequestCount(900, 180), "as good"),  # it is better
        (RequestCount(1000, 40), RequestCount(9000, 180), "worse"),  # twice as often, and enough of them to know
        (RequestCount(50, 2), RequestCount(5, 0), "worse"),  # nothing to compare with is taken for flawless
        (RequestCount(20, 0), RequestCount(19, 0), "as good"),  # and so is what never failed
        (RequestCount(20, 21), RequestCount(200, 0), "worse"),  # attempts that failed count one by one
        (RequestCount(100, 5), RequestCount(30, 40), "as good"),
    ],
)
def test_verdict(new: RequestCount, old: RequestCount, state: str) -> None:
    verdict = judge(new, old)
    assert verdict.state == state
    assert f"canary: {new}; beside it: {old}" in verdict.reason
