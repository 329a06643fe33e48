"""Two readings of a proxy, and what is made of them."""

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.scaling.measurement import Measurement
from tasks.metrics import window
from tasks.metrics.reading import Reading
from tasks.metrics.window import Window, added, impossible, in_flight

pytestmark = pytest.mark.pure

first = Reading(
    at=1000.0, requests=500, answered=490, seconds=98.0, running=600.0, in_flight=10, serving=2,
    latencies={0.1: 100, 0.25: 400, 0.5: 490},
)  # fmt: skip


def between(before: Reading | None, after: Reading) -> tuple[Measurement, tuple[str, ...]]:
    """What is measured where there is one proxy."""
    seen, notes = window.between(before, after)
    return added([seen]), notes


def later(window: float = 15.0, **more: Any) -> Reading:
    """The reading a window later, with so much more in each counter."""
    counters = {name: getattr(first, name) + more.pop(name, 0) for name in ("requests", "answered", "seconds")}
    running = more.pop("running", first.running + window)
    return replace(first, at=first.at + window, running=running, **counters, **more)


def test_a_window_is_the_difference_of_two_readings() -> None:
    now = later(requests=750, answered=750, seconds=150.0, latencies={0.1: 100, 0.25: 1000, 0.5: 1240}, serving=3)
    measured, notes = between(first, now)
    assert (measured.at, measured.seconds, measured.status, notes) == (1015.0, 15.0, "fresh", ())
    assert measured.requests_per_second == 50.0
    assert measured.in_flight == pytest.approx(50 * 0.2), "arrivals a second times the mean time of those answered"
    assert measured.serving == 3
    assert measured.latency == pytest.approx(0.25 + 0.25 * (0.95 * 750 - 600) / 150)


def test_errors_are_counted_a_second() -> None:
    failing = replace(first, errors=100)
    assert between(failing, later(errors=130))[0].errors == 2.0
    assert between(failing, later(errors=90))[0].errors == 0.0, "a count that fell by itself is no new beginning"
    began_anew = replace(later(errors=6), running=1.0, answered=10)
    assert between(failing, began_anew)[0].errors == pytest.approx(6 / 15)


def test_errors_that_an_older_version_did_not_keep_are_not_known() -> None:
    assert between(first, later(errors=130))[0].errors is None
    data = {name: value for name, value in replace(first, errors=100).as_data().items() if name != "errors"}
    assert Reading.from_data(data) == first


def test_nobody_came() -> None:
    measured, _ = between(first, later(in_flight=0))
    assert (measured.requests_per_second, measured.in_flight, measured.latency) == (0.0, 0.0, None)


def test_long_requests_are_seen_before_one_is_answered() -> None:
    measured, _ = between(first, later(requests=40, in_flight=50))
    assert measured.in_flight == 50


def test_requests_that_find_no_replica_are_demand() -> None:
    measured, _ = between(first, later(requests=150, in_flight=0, serving=0))
    assert measured.in_flight == pytest.approx(10 * 0.2), "as long as those before them took"
    never = replace(first, requests=0, answered=0, seconds=0.0, latencies={})
    measured, _ = between(never, replace(never, at=1015.0, running=615.0, requests=30, in_flight=0))
    assert measured.in_flight == pytest.approx(2 * 0.2), "as long as they usually take"


def test_a_queue_is_seen_while_the_mean_still_looks_back() -> None:
    measured, _ = between(first, later(requests=750, answered=150, seconds=45.0, in_flight=610))
    assert measured.in_flight == 610


@pytest.mark.parametrize(
    ("mean", "under_way", "expected"),
    [(0.0, 0, 0.0), (9.0, 15, 9.0), (9.0, 16, 16.0), (9.0, 0, 9.0), (100.0, 119, 100.0)],
)
def test_a_sample_counts_where_chance_does_not_explain_it(mean: float, under_way: int, expected: float) -> None:
    assert in_flight(mean, under_way) == expected


@pytest.mark.parametrize("before", [None, replace(first, at=1015.0), replace(first, at=2000.0), replace(first, at=0.0)])
def test_without_a_reading_of_late_only_what_is_under_way_is_known(before: Reading | None) -> None:
    measured, _ = between(before, later(requests=750, in_flight=7))
    assert (measured.status, measured.seconds, measured.in_flight, measured.serving) == ("partial", 0.0, 7.0, 2)
    assert measured.requests_per_second is measured.latency is None


def test_a_frozen_proxy_is_stale() -> None:
    measured, notes = between(first, later(running=first.running))
    assert (measured.status, measured.requests_per_second, measured.in_flight) == ("stale", None, None)
    assert "clock has stood still" in notes[0]
    assert between(first, later(4.0, running=first.running))[0].status == "fresh", "it moves in steps of 5 s"


@pytest.mark.parametrize(
    "now",
    [
        replace(first, at=1015.0, requests=30, answered=30, seconds=6.0, running=4.0, latencies={0.25: 30}),
        replace(first, at=1015.0, requests=30, answered=30, seconds=6.0, running=615.0, latencies={0.25: 30}),
        replace(first, at=1015.0, requests=9000, answered=30, seconds=6.0, running=615.0, latencies={0.25: 30}),
    ],
)
def test_after_a_reset_what_is_there_is_a_lower_bound(now: Reading) -> None:
    measured, notes = between(first, now)
    assert measured.status == "reset"
    assert measured.requests_per_second == now.requests / 15
    assert measured.latency is not None
    assert "anew" in notes[0]


@pytest.mark.parametrize("fewer", [{"requests": -30}, {"requests": -30, "answered": 5}, {"seconds": -1.0}])
def test_a_count_that_falls_by_itself_is_no_arrivals_and_no_reset(fewer: dict[str, Any]) -> None:
    measured, notes = between(first, later(in_flight=0, **fewer))
    assert (measured.status, measured.requests_per_second, measured.in_flight, notes) == ("fresh", 0.0, 0.0, ())


@pytest.mark.parametrize("name", ["requests", "answered", "seconds", "running", "in_flight"])
@pytest.mark.parametrize("value", [-1, math.nan, math.inf])
def test_what_cannot_be_is_named(name: str, value: float) -> None:
    lie = impossible(replace(first, **{name: value}))
    assert lie is not None
    assert name.replace("_", " ") in lie
    assert impossible(first) is None


def test_more_than_anybody_serves_is_a_lie() -> None:
    measured, notes = between(first, later(requests=10**12))
    assert (measured.status, measured.requests_per_second, measured.in_flight) == ("absent", None, None)
    assert "cannot be" in notes[0]
    assert impossible(replace(first, in_flight=10**9))


counts = st.integers(0, 10**9)
readings = st.builds(
    Reading,
    at=st.floats(0, 2e9),
    requests=counts,
    answered=counts,
    seconds=st.floats(0, 1e9),
    running=st.floats(0, 1e9),
    in_flight=st.integers(0, 10**6),
    serving=st.integers(0, 100),
    latencies=st.dictionaries(st.floats(0.001, 1000), counts, max_size=3),
)


@settings(deadline=None)
@given(before=readings, after=readings)
def test_whatever_is_read_no_impossible_value_comes_out(before: Reading, after: Reading) -> None:
    measured, _ = between(before, after)
    for value in (measured.requests_per_second, measured.in_flight, measured.latency):
        assert value is None or (math.isfinite(value) and value >= 0)


@settings(deadline=None)
@given(reading=readings)
def test_a_reading_survives_being_kept(reading: Reading) -> None:
    assert Reading.from_data(reading.as_data()) == reading


@pytest.mark.parametrize("data", [None, {}, {"at": 1.0}, {"at": 1.0, "latencies": 3}, {"latencies": [["x", 1]]}])
def test_what_another_version_kept_is_no_reading(data: dict[str, Any] | None) -> None:
    assert Reading.from_data(data) is None


def seen(status: Any = "fresh", **values: Any) -> Window:
    usual = {"arrived": 10.0, "mean": 2.0, "under_way": 2, "answered": 150, "latencies": {0.1: 75, 0.5: 150}}
    return Window(1015.0, 15.0, status, 2, **{**usual, **values})


def test_the_windows_of_all_proxies_are_added() -> None:
    measured = added([seen(), seen(arrived=20.0, mean=4.0, under_way=5), seen()])
    assert (measured.requests_per_second, measured.in_flight, measured.serving) == (40.0, 8.0, 2)
    assert measured.status == "fresh"
    assert measured.latency == pytest.approx(0.1 + 0.4 * (0.95 * 450 - 225) / 225)


def test_chance_is_judged_for_all_together() -> None:
    """Three proxies with a few more than their mean each say nothing that one would not."""
    parts = [seen(mean=3.0, under_way=7)] * 3
    assert added(parts).in_flight == added([seen(mean=9.0, under_way=21)]).in_flight == 21.0
    parts = [seen(mean=3.0, under_way=5)] * 3
    assert added(parts).in_flight == added([seen(mean=9.0, under_way=15)]).in_flight == 9.0


@pytest.mark.parametrize(
    ("windows", "missing", "status", "rate"),
    [
        ([seen()], 1, "partial", 10.0),
        ([seen(), seen("reset", arrived=1.0)], 0, "reset", 11.0),
        ([seen(), seen("reset", arrived=1.0)], 1, "partial", 11.0),
        ([seen(), Window(1015.0, 0.0, "partial", 2, under_way=3)], 0, "partial", 10.0),
        ([seen(), Window(1015.0, 15.0, "stale", 2)], 0, "partial", 10.0),
        ([seen(), Window(1015.0, 15.0, "absent", 2)], 0, "partial", 10.0),
        ([Window(1015.0, 15.0, "stale", 2), Window(1015.0, 15.0, "absent", 2)], 0, "stale", None),
        ([Window(1015.0, 0.0, "partial", 2, under_way=3)] * 2, 0, "partial", None),
    ],
)
def test_what_one_of_them_does_not_say_makes_a_lower_bound(
    windows: list[Window], missing: int, status: str, rate: float | None
) -> None:
    measured = added(windows, missing)
    assert (measured.status, measured.requests_per_second) == (status, rate)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 900), st.integers(0, 40)), min_size=1, max_size=5))
def test_requests_tell_the_same_whoever_counts_them(parts: list[tuple[int, int]]) -> None:
    """Split over any number of proxies: the same rate and demand as of one that counts them all."""
    split = []
    for arrived, under_way in parts:
        part = replace(first, in_flight=under_way)
        after = replace(part, at=1015.0, running=615.0, requests=500 + arrived, answered=490 + arrived)
        split.append(window.between(part, replace(after, seconds=98.0 + arrived * 0.2))[0])
    arrived, under_way = (sum(values) for values in zip(*parts, strict=True))
    whole = later(requests=arrived, answered=arrived, seconds=arrived * 0.2, in_flight=under_way)
    whole_window, many = between(first, whole)[0], added(split)
    assert many.in_flight == pytest.approx(whole_window.in_flight)
    assert many.requests_per_second == pytest.approx(whole_window.requests_per_second)
