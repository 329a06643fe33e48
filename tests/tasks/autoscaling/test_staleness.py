"""When it is said that no check comes any more."""

import pytest

from tasks.autoscaling.staleness import staleness
from tasks.ledger import Check

pytestmark = pytest.mark.pure


def check(at: float, seconds: float = 1.0) -> Check:
    return Check(at, seconds, 3, "")


@pytest.mark.parametrize(
    ("last", "awake_since", "said"),
    [
        (check(954), 0, None),
        (check(953), 0, "No service is scaled: a check is due every 15 s, and the last one ended 46 s ago."),
        (check(953), 960, None),
        (check(100), 940, "No service is scaled: a check is due every 15 s, and the last one ended 899 s ago."),
        (None, 0, "No service is scaled: a check is due every 15 s, and there never was one."),
        (None, 960, None),
        (check(900, seconds=90), 0, None),
    ],
)
def test_three_intervals_after_the_end_of_the_last(last: Check | None, awake_since: float, said: str | None) -> None:
    assert staleness(last, 15, 1000, awake_since=awake_since) == said
