"""From when a size may be called idle."""

import pytest

from infra_specs.advice.observation import WEEK_SECONDS, Observation

pytestmark = pytest.mark.pure
DAY = 86_400.0
SINCE = 100 * DAY + 3600
"""One in the morning of day 100."""


def seen(seconds: float, *days: tuple[float, float], expected: float = 8.0) -> Observation:
    return Observation(SINCE, SINCE + seconds, {"web": days}, {"web": expected, "worker": 1.0})


@pytest.mark.parametrize(
    ("observation", "is_enough"),
    [
        (seen(0), False),
        (seen(60), False),
        (seen(WEEK_SECONDS - 1), False),
        (seen(WEEK_SECONDS), True),
        (seen(-5), False),
        (seen(2 * DAY, (101, 7.9)), False),
        (seen(2 * DAY, (101, 8.0)), True),
        (seen(2 * DAY, (102, 80.0)), False),
        (seen(2 * DAY, (100, 80.0)), False),
        (seen(2 * DAY, (90, 80.0)), False),
        (seen(3 * DAY, (101, 1.0), (102, 9.0)), True),
        (Observation(SINCE, SINCE + 2 * DAY, {"other": [(101, 80.0)]}, {"web": 8.0}), False),
        (Observation(SINCE, SINCE + 2 * DAY, {}, {}), False),
        (seen(2 * DAY, (101, 0.0), expected=0.0), False),
        (seen(2 * DAY, (101, 5.0), expected=0.0), False),
    ],
    ids=[
        "nothing", "a minute", "nearly a week", "a week", "a clock that went back", "a quiet day", "a busy day",
        "a busy day that is not over", "the day of the change", "a busy day before it", "a busy day after a quiet one",
        "another service's", "no service", "no request, and none expected", "requests, and none expected",
    ],
)  # fmt: skip
def test_after_a_week_or_the_first_busy_day(observation: Observation, is_enough: bool) -> None:
    assert observation.is_enough is is_enough


@pytest.mark.parametrize(
    ("observation", "end"),
    [
        (seen(60), "seen so far: 0.0 hours, no request yet"),
        (seen(-5, (99, 5.0)), "seen so far: 0.0 hours, no request yet"),
        (
            seen(1800, (100, 5.0)),
            "seen so far: 0.5 hours, web with 5 of 8 expected requests in flight at its busiest",
        ),
        (
            seen(2 * DAY, (101, 0.25), (102, 3.0)),
            "seen so far: 48.0 hours, web with 3 of 8 expected requests in flight at its busiest",
        ),
    ],
)
def test_until_then_it_says_from_when_and_what_was_seen(observation: Observation, end: str) -> None:
    advice = observation.waits()
    assert (advice.about, advice.step, advice.less, advice.waits) == ("sizes", None, False, True)
    assert advice.said == (
        "sizes are judged from 1970-04-18 01:00 UTC on, a week after they were chosen, or after the first day that is "
        f"as busy as the file expects; {end}"
    )
