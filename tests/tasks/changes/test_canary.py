"""What is counted while a canary is watched: answers since the first look, its own and those beside it."""

import pytest

from infra_specs.releases.canary import RequestCount
from tasks.changes.canary import Tallies, Tally
from tasks.providers.seam.traffic import Counted, Traffic

pytestmark = pytest.mark.pure


NEW = {"new"}
"""The endpoint of the canary."""


def counted(requests: int, errors: int = 0, in_flight: int = 0) -> Counted:
    return Counted(requests, errors, in_flight, healthy=True)


def test_what_came_before_does_not_count() -> None:
    tally = Tally()
    assert tally.add({"a": counted(900, 30), "new": counted(0)}, NEW) == (RequestCount(0, 0), RequestCount(0, 0))
    assert tally.add({"a": counted(950, 31), "b": counted(400, 9), "new": counted(10, 2)}, NEW) == (
        RequestCount(10, 2),
        RequestCount(50, 1),
    )
    assert tally.add({"a": counted(950, 31), "b": counted(404, 9), "new": counted(11, 2)}, NEW) == (
        RequestCount(11, 2),
        RequestCount(54, 1),
    )


def test_what_is_under_way_is_no_answer_yet() -> None:
    tally = Tally()
    tally.add({"new": counted(5, in_flight=5)}, NEW)
    assert tally.add({"new": counted(8, in_flight=8)}, NEW)[0] == RequestCount(0, 0)
    assert tally.add({"new": counted(8, in_flight=2)}, NEW)[0] == RequestCount(6, 0)


def test_a_proxy_that_began_anew_takes_nothing_away() -> None:
    tally = Tally()
    tally.add({"new": counted(100)}, NEW)
    tally.add({"new": counted(130, 3)}, NEW)
    assert tally.add({"new": counted(7, 1)}, NEW)[0] == RequestCount(37, 4)


def test_a_proxy_that_does_not_answer_is_asked_again() -> None:
    tally = Tally()
    tally.add({"new": counted(100)}, NEW)
    assert tally.add({}, NEW) == (RequestCount(0, 0), RequestCount(0, 0))
    assert tally.add({"new": counted(120)}, NEW)[0] == RequestCount(20, 0)


def test_several_proxies_count_together_and_one_that_is_away_keeps_what_it_counted() -> None:
    tallies = Tallies()
    tallies.add({"a": traffic(old=counted(100), new=counted(10)), "b": traffic(old=counted(200), new=counted(20))}, NEW)
    later = {"a": traffic(old=counted(150, 1), new=counted(15)), "b": traffic(old=counted(260), new=counted(26, 2))}
    assert tallies.add(later, NEW) == (RequestCount(11, 2), RequestCount(110, 1))
    assert tallies.add({"a": traffic(old=counted(151, 1), new=counted(15))}, NEW) == (
        RequestCount(11, 2),
        RequestCount(111, 1),
    )


def traffic(**replicas: Counted) -> Traffic:
    return Traffic(0, 0, 0, 0, 0.0, replicas=replicas)


def test_a_counted_canary_is_all_of_its_copies_whichever_there_were() -> None:
    tally = Tally()
    tally.add({"old": counted(100), "new-1": counted(0)}, {"service", "new-1"})
    tally.add({"old": counted(150), "new-1": counted(10, 5), "new-2": counted(0)}, {"service", "new-2"})
    assert tally.add({"old": counted(160), "new-2": counted(4, 1)}, {"service", "new-2"}) == (
        RequestCount(14, 6),
        RequestCount(60, 0),
    )
