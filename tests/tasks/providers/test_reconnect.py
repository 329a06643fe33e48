"""A connection that breaks again and again is tried ever more seldom, and one that lasted at once."""

import pytest

from tasks.providers.seam import reconnect
from tasks.providers.seam.reconnect import Reconnect

pytestmark = pytest.mark.pure


class Clock:
    moment = 1000.0

    def monotonic(self) -> float:
        return self.moment


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(reconnect, "time", clock)
    return clock


def test_the_pauses_double_up_to_a_bound(clock: Clock) -> None:
    again, pauses = Reconnect(), list[float]()
    assert again.seconds == 0
    for _ in range(7):
        again.broke()
        pauses.append(again.seconds)
        clock.moment += again.seconds
        assert again.seconds == 0
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10]


@pytest.mark.parametrize(("lasted", "pause"), [(1.0, 4.0), (11.0, 0.5)])
def test_one_that_lasted_begins_anew(clock: Clock, lasted: float, pause: float) -> None:
    again = Reconnect()
    again.broke()
    again.broke()
    again.broke()
    assert again.opened(), "something may have been missed"
    clock.moment += lasted
    again.broke()
    assert again.seconds == pause


def test_the_first_try_missed_nothing(clock: Clock) -> None:
    assert not Reconnect().opened()
