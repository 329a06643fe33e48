"""The rules, case by case: what is decided, and which words say so."""

from dataclasses import replace
from typing import Any

import pytest

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import PastDemand
from infra_specs.scaling.schedule import period
from tests.infra_specs.scaling.game import counts, inputs, monday, play

pytestmark = pytest.mark.pure

eight = period("Mon-Fri 08:00", "18:00", 6)
CASES: list[tuple[str, dict[str, Any], dict[str, Any], int, str]] = [
    # what is asked, inputs, policy, replicas, words of the reason
    ("up at once", {"in_flight": 95}, {}, 15, "3 to 15 replicas: 95 requests in flight, the work of 9.5 full replicas"),
    ("enough", {"in_flight": 15}, {}, 3, "stays at 3 replicas"),
    ("one look takes nothing away", {"in_flight": 0}, {}, 3, "3 were wanted within the last 3m"),
    ("nothing answered", {"in_flight": None, "status": "absent"}, {}, 3, "no metrics answered, so the count stays"),
    ("old values", {"in_flight": 95, "status": "stale"}, {}, 3, "the metrics are old, so the count stays"),
    ("old though called fresh", {"in_flight": 95, "at": monday - 120}, {}, 3, "the metrics are 120 s old"),
    ("no usable signal", {"in_flight": None}, {}, 3, "no signal has a usable value"),
    ("not a number", {"in_flight": float("nan")}, {}, 3, "no signal has a usable value"),
    ("less than nothing", {"in_flight": -5.0}, {}, 3, "no signal has a usable value"),
    ("without end", {"in_flight": float("inf")}, {}, 3, "no signal has a usable value"),
    ("in part, and little", {"in_flight": 2, "status": "partial"}, {}, 3, "measured in part (partial)"),
    ("in part, and much", {"in_flight": 95, "status": "partial"}, {}, 15, "3 to 15"),
    ("a counter began anew", {"in_flight": 2, "status": "reset"}, {}, 3, "measured in part (reset)"),
    ("a rate, capacity learned", {"in_flight": None, "rate": 500, "capacity_per_second": 50.0}, {}, 16, "500 req"),
    ("a rate, the spec's goes first", {"in_flight": None, "rate": 500, "capacity_per_second": 50.0},
     {"requests_per_second": 100.0}, 9, "500 requests/s"),
    ("the largest signal wins", {"in_flight": 20, "rate": 500, "capacity_per_second": 50.0}, {}, 16, "500 requests/s"),
    ("a signal that lies is left out", {"in_flight": -1.0, "rate": 500, "capacity_per_second": 50.0}, {}, 16, "500"),
    ("CPU", {"in_flight": 5, "cpu": 0.9}, {"cpu": 0.6}, 8, "90 % of the CPU of 3"),
    ("CPU unasked is no signal", {"in_flight": 15, "cpu": 0.9}, {}, 3, "15 requests in flight"),
    ("a queue", {"in_flight": None, "queue": 1000}, {"queue": 100.0}, 16, "a queue of 1e+03"),
    ("latency", {"in_flight": 20, "latency": 0.6}, {"latency": 0.3}, 6, "600 ms where 300 ms are wanted ask for 6"),
    ("latency has another cause", {"in_flight": 20, "latency": 30.0}, {"latency": 0.3}, 8, "but no more than 2 times"),
    ("latency is kept", {"in_flight": 15, "latency": 0.2}, {"latency": 0.3}, 3, "stays at 3"),
    ("latency would not be kept", {"in_flight": 9, "latency": 0.29}, {"latency": 0.3}, 3, "fewer than 3 might not"),
    ("a latency that lies", {"in_flight": 15, "latency": float("nan")}, {"latency": 0.3}, 3, "stays at 3"),
    ("no replica, something arrives", {"in_flight": 2, "wanted": 0, "minimum": 0}, {}, 1, "0 to 1 replica"),
    ("no replica, nothing arrives", {"in_flight": 0, "wanted": 0, "minimum": 0}, {}, 0, "stays at 0 replicas"),
    ("no replica, a minimum", {"in_flight": 0, "wanted": 0}, {}, 1, "0 to 1"),
    ("no replica, nothing known", {"in_flight": None, "wanted": 0, "minimum": 2}, {}, 2, "at least 2 by the spec"),
    ("below a raised minimum", {"in_flight": 19, "minimum": 5}, {}, 5, "at least 5 by the spec"),
    ("above a lowered maximum", {"in_flight": 95, "wanted": 9, "maximum": 4}, {}, 4, "9 to 4 replicas: 95 requests"),
    ("above a lowered maximum, unmeasured", {"in_flight": None, "wanted": 9, "maximum": 4}, {}, 4, "at most 4 by"),
    ("design capacity", {"in_flight": 95, "maximum": 8, "design": 8}, {}, 8, "at most 8 by the design capacity"),
    ("largest step up", {"in_flight": 950}, {"step": 4}, 7, "at most 4 at once"),
    ("largest step down", {"in_flight": 10, "wanted": 20}, {"step": 4, "window": 0.0}, 16, "at most 4 at once"),
    ("a bound is no step", {"in_flight": 10, "wanted": 20, "maximum": 5}, {"step": 4}, 5, "at most 5 by the spec"),
    ("room of the target", {"in_flight": 95, "room": 6}, {}, 6, "the target has room for 6"),
    (
        "room of hosts", {"in_flight": 95, "room": 6, "room_per_host": 3}, {}, 6,
        "the target has room for 6, and 3 more hosts for the other 9",
    ),
    (
        "room of a host", {"in_flight": 95, "room": 11, "room_per_host": 4}, {}, 11,
        "the target has room for 11, and 1 more host for the other 4",
    ),
    ("room below the minimum", {"in_flight": 95, "minimum": 5, "room": 2}, {}, 2, "the target has room for 2"),
    ("the schedule", {"in_flight": 10, "now": monday + 9 * 3600}, {"schedule": (eight,)}, 6,
     "at least 6 by the schedule Mon-Fri 08:00-18:00 UTC"),
    ("the schedule is over", {"in_flight": 15, "now": monday + 18 * 3600}, {"schedule": (eight,)}, 3, "stays at 3"),
    ("the schedule above the maximum", {"in_flight": 10, "now": monday + 9 * 3600, "maximum": 4},
     {"schedule": (eight,)}, 4, "at most 4 by the spec"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "choice", "replicas", "words"), [pytest.param(*case[1:], id=case[0]) for case in CASES]
)
def test_a_first_check(given: dict[str, Any], choice: dict[str, Any], replicas: int, words: str) -> None:
    decision, _ = decide(Policy(**choice), inputs(**given), AutoscalerState())
    assert decision.replicas == replicas, decision.reason
    assert words in decision.reason
    assert decision.reason.startswith("web: ")
    assert decision.steps[-1].replicas == replicas


def test_a_service_starts_with_the_demand_it_sees_and_falls_when_the_window_is_over() -> None:
    decided, _ = play([95] * 4 + [10] * 30, wanted=3)
    falls = [at for at, decision in enumerate(decided) if decision.replicas < decision.before]
    assert counts(decided)[:4] == [15] * 4
    assert falls
    assert falls[0] >= 4 + 180 / 15 - 1, "not before the last high recommendation is as old as the window"
    assert decided[-1].replicas <= 3


def test_what_falls_for_less_than_the_window_takes_nothing_away() -> None:
    decided, _ = play([95] * 8 + [10] * 10 + [95] * 8, wanted=12)
    assert not any(record.replicas < record.before for record in decided)
    assert "wanted within the last 3m" in str(decided[12])


def test_what_somebody_asks_for_by_hand_holds_for_the_window() -> None:
    _, memory = play([5.0] * 40, wanted=3)
    decided, _ = play([5.0] * 14, wanted=5, memory=memory, now=monday + 600)
    assert counts(decided)[:12] == [5] * 12
    assert "5 were wanted within the last 3m" in str(decided[0])
    assert counts(decided)[12:] == [1, 1], "and then what is needed"


def test_fewer_by_hand_are_fewer_at_once_and_more_again_when_they_are_needed() -> None:
    _, memory = play([50.0] * 40, wanted=7)
    idle, _ = decide(Policy(), inputs(1.0, wanted=2, now=monday + 600), memory)
    busy, _ = decide(Policy(), inputs(50.0, wanted=2, now=monday + 600), memory)
    assert idle.replicas == 2
    assert busy.replicas >= 7


def test_a_decision_whose_run_has_not_begun_is_nobodys_wish() -> None:
    _, memory = play([95.0] * 4 + [5.0] * 20, wanted=3)
    assert memory.counts
    pending, memory = decide(Policy(), inputs(5.0, wanted=13, now=monday + 360), replace(memory, counts=(13, 1)))
    assert pending.replicas < 13


def test_after_a_silence_the_window_begins_anew() -> None:
    decided, _ = play([95] * 8 + [None] * 40 + [10] * 20, wanted=12)
    assert min(counts(decided)[: 48 + 11]) == 15
    assert decided[-1].replicas < 15


def test_replicas_that_start_are_counted() -> None:
    first, memory = decide(Policy(), inputs(95.0), AutoscalerState())
    again, _ = decide(Policy(), inputs(95.0, wanted=first.replicas, serving=3, starting=9, now=monday + 15), memory)
    assert again.replicas == first.replicas


def test_the_last_replica_goes_only_after_the_idle_time() -> None:
    decided, _ = play([5.0] * 4 + [0.0] * 80, wanted=1, minimum=0)
    gone = next(at for at, decision in enumerate(decided) if decision.replicas == 0)
    assert 15 * (gone - 3) == pytest.approx(900, abs=15)
    assert "the last one goes when 7m more pass without a request" in str(decided[35])


def test_silence_is_no_idleness() -> None:
    decided, _ = play([2.0] * 4 + [None] * 200, wanted=1, minimum=0)
    assert set(counts(decided)) == {1}


def test_a_fixed_count_stays() -> None:
    decided, _ = play([5.0, 500.0, 0.0] * 20, wanted=3, minimum=3, maximum=3)
    assert set(counts(decided)) == {3}


def test_it_rises_for_what_is_coming_where_earlier_days_did() -> None:
    rhythm = (PastDemand(1, 20.0, 50.0), PastDemand(7, 30.0, 60.0))
    plain, _ = decide(Policy(), inputs(40.0), AutoscalerState())
    ahead, _ = decide(Policy(), inputs(40.0, rhythm=rhythm), AutoscalerState())
    assert ahead.replicas > plain.replicas
    assert "it rises by 100 % at this time of day" in ahead.reason


@pytest.mark.parametrize("rhythm", [
    (PastDemand(1, 20.0, 50.0),), (PastDemand(1, 20.0, 50.0), PastDemand(7, 30.0, 30.0)),
    (PastDemand(1, 0.0, 50.0),) * 3, (PastDemand(1, 50.0, 1.0), PastDemand(7, 50.0, 1.0)),
])  # fmt: skip
def test_one_day_is_no_rhythm_and_a_fall_takes_nothing_away(rhythm: tuple[PastDemand, ...]) -> None:
    plain, _ = decide(Policy(), inputs(40.0), AutoscalerState())
    ahead, _ = decide(Policy(), inputs(40.0, rhythm=rhythm), AutoscalerState())
    assert ahead.replicas == plain.replicas


def test_it_rises_before_the_demand_does_on_a_steady_climb() -> None:
    _, memory = play(lambda check: 100.0 + 20 * check, 60, wanted=15)
    now = inputs(1300.0, wanted=130, now=monday + 900)
    decision, _ = decide(Policy(), now, memory)
    assert [step.name for step in decision.steps][:2] == ["recommend", "anticipate"]
    assert "it is rising" in decision.reason


def test_another_capacity_forgets_what_was_learned_in_the_old_one() -> None:
    _, memory = play([100.0] * 100, wanted=13)
    decision, after = decide(Policy(), inputs(100.0, wanted=13, capacity=50.0, now=monday + 1500), memory)
    assert after.forecasts.checks == 1
    assert decision.replicas == 13, "and the window keeps the count"


def test_advice_decides_and_does_not_act() -> None:
    decision, _ = decide(Policy(), inputs(95.0, mode="advise"), AutoscalerState())
    assert decision.changes
    assert not decision.acts
    assert decide(Policy(), inputs(95.0), AutoscalerState())[0].acts


def test_measured_at_zero_seconds_is_no_trouble() -> None:
    now = inputs(95.0)
    decision, _ = decide(Policy(), replace(now, measured=replace(now.measured, seconds=0.0)), AutoscalerState())
    assert decision.replicas == 15


@pytest.mark.parametrize(("seconds", "age", "usable"), [(60.0, 300.0, True), (60.0, 301.0, False), (15.0, 46.0, False)])
def test_a_minute_of_the_target_may_come_late(seconds: float, age: float, usable: bool) -> None:
    asked = inputs(95.0, at=monday - age)
    asked = replace(asked, measured=replace(asked.measured, seconds=seconds))
    decision, _ = decide(Policy(), asked, AutoscalerState())
    assert (decision.replicas > 3) is usable
