"""The four figures of DORA, on a recorded history of 40 releases whose figures were counted by hand."""

from dataclasses import dataclass

import pytest

from infra_specs.overview.dora import Dora, dora, span_begin
from infra_specs.releases.selection import ReleaseState

pytestmark = pytest.mark.pure
DAY = 86_400.0
LATER = 90 * DAY
HEALTHY, FAILED, UNDONE = ReleaseState.HEALTHY, ReleaseState.FAILED, ReleaseState.ROLLED_BACK


@dataclass(frozen=True)
class Made:
    """A release that began on a day, and ended so many minutes later."""

    number: int
    day: float
    minutes: float | None
    state: ReleaseState = HEALTHY
    verb: str = "deploy"

    @property
    def since(self) -> float:
        return self.day * DAY

    @property
    def ended(self) -> float | None:
        return None if self.minutes is None else self.since + self.minutes * 60


# One release every two days, from day 0 on. By hand:
#  - 2 rollbacks (12 and 31), which are no deployments. 38 are left.
#  - 5 failed or were undone: 7, 8, 20, 26 and 40. 33 were proven.
#  - 11 and 30 were proven and rolled back from: 7 of 38 deployments failed, 18.4 %.
#  - Recovered from: 7 by 9 after 4 days and 2 minutes; 8 by 9 after 2 days and 2 minutes; 11 by 12 after 2 days and
#    1 minute; 20 after 6 minutes; 26 by 27 after 2 days and 2 minutes; 30 by 31 after 2 days and 1 minute; 40 not yet.
#    The median of the six: 2 days and 1.5 minutes.
#  - Of the 33 proven ones 1 to 6 took 4 minutes, the other 27 took 2: the median is 2.
FIRST = [Made(number, 2.0 * (number - 1), 4) for number in range(1, 7)]
REST = [Made(number, 2.0 * (number - 1), 2) for number in range(7, 41)]
CHANGED = {
    7: Made(7, 12.0, 3, FAILED),
    8: Made(8, 14.0, 3, FAILED),
    12: Made(12, 22.0, 1, verb="rollback"),
    20: Made(20, 38.0, 6, UNDONE),
    26: Made(26, 50.0, 3, FAILED),
    31: Made(31, 60.0, 1, verb="rollback"),
    40: Made(40, 78.0, 3, FAILED),
}
HISTORY = [CHANGED.get(release.number, release) for release in (*FIRST, *REST)]


def test_forty_releases_counted_by_hand() -> None:
    assert dora(HISTORY, 0.0, 84 * DAY) == Dora(
        weeks=12.0,
        deployments=33,
        per_week=33 / 12,
        lead_seconds=120.0,
        failed=7,
        ended=38,
        fail_rate=7 / 38,
        recovery_seconds=2 * DAY + 90.0,
        unrecovered=1,
    )
    assert dora(HISTORY[::-1], 0.0, 84 * DAY) == dora(HISTORY, 0.0, 84 * DAY)


def test_a_part_of_the_history_is_recovered_from_by_what_came_after_it() -> None:
    figures = dora(HISTORY, 12 * DAY, 22 * DAY)  # 7 to 11: of five deployments 7, 8 and 11 failed
    assert (figures.deployments, figures.failed, figures.ended) == (3, 3, 5)
    assert figures.recovery_seconds == 2 * DAY + 120.0


@pytest.mark.parametrize(
    ("releases", "deployments", "failed", "ended", "recovery"),
    [
        ((), 0, 0, 0, None),
        ((Made(1, 1, 2),), 1, 0, 1, None),
        ((Made(1, 1, None, ReleaseState.ROLLING_OUT),), 0, 0, 0, None),
        ((Made(1, 1, 2, FAILED), Made(2, 1, None, ReleaseState.ROLLING_OUT)), 0, 1, 1, None),
        ((Made(1, 1, 2), Made(2, 2, 2, verb="rollback"), Made(3, 3, 2, verb="rollback")), 1, 1, 1, DAY + 120),
        ((Made(1, 0, 2, verb="rollback"),), 0, 0, 0, None),
        ((Made(1, 9, 2),), 0, 0, 0, None),
        ((Made(1, 1, 2, FAILED), Made(2, 1, 2, FAILED), Made(3, 2, 2)), 1, 2, 3, DAY + 120),
    ],
)
def test_few_releases(
    releases: tuple[Made, ...], deployments: int, failed: int, ended: int, recovery: float | None
) -> None:
    figures = dora(releases, 0.0, 7 * DAY)
    assert (figures.deployments, figures.failed, figures.ended) == (deployments, failed, ended)
    assert figures.recovery_seconds == recovery
    assert figures.fail_rate == (failed / ended if ended else None)


def test_where_older_releases_went_the_span_begins_with_the_oldest_that_is_kept() -> None:
    assert span_begin(HISTORY, 50, 5.0, LATER) == 5.0
    assert span_begin(HISTORY[5:], 35, 5.0, LATER) == 10 * DAY
    assert span_begin(HISTORY, 40, 5.0, LATER) == 5.0


def test_a_young_stack_is_counted_from_its_first_release_on_and_for_a_week_at_least() -> None:
    assert span_begin(HISTORY[5:], 50, 5.0, LATER) == 10 * DAY
    assert span_begin(HISTORY[5:6], 50, -80 * DAY, 10 * DAY + 60.0) == 3 * DAY + 60.0
    assert span_begin([], 50, -80 * DAY, 10 * DAY) == 3 * DAY
