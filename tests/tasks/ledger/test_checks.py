"""What a check leaves for the next one, and what earlier days were like at this time of day."""

from dataclasses import replace

import pytest

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.scaling_input import PastDemand
from tasks.ledger import Check, Lease, Ledger
from tasks.ledger.seasonality import demand
from tests.tasks.ledger.checking import began, checked, checks, decided, keep, key, seen

__all__ = ["checks"]

DAY = 86_400.0


def test_nothing_is_remembered_at_first(ledger: Ledger) -> None:
    assert (ledger.checks.recall(), ledger.checks.last()) == ({}, None)


def test_the_next_check_goes_on_from_the_last(ledger: Ledger, checks: Lease) -> None:
    first = replace(checked(began, decision=decided(began)), memory=AutoscalerState())
    keep(ledger, checks, began, first, checked(began, of=("other", "web")))
    keep(ledger, checks, began + 15, replace(first, readings={"proxy": {"requests": 1}}))
    saved_state = ledger.checks.recall()
    assert set(saved_state) == {key, ("other", "web")}
    assert saved_state[key].readings == {"proxy": {"requests": 1}}
    assert (saved_state[key].at, saved_state[key].memory) == (began + 15, AutoscalerState())
    assert saved_state["other", "web"].at == began
    assert set(ledger.checks.recall("other")) == {("other", "web")}
    assert ledger.checks.last() == Check(began + 15, 0.5, 1, "looked")


def test_a_check_of_nothing_is_a_check(ledger: Ledger, checks: Lease) -> None:
    keep(ledger, checks, began)
    assert ledger.checks.last() == Check(began, 0.5, 0, "looked")


@pytest.mark.parametrize(
    ("at", "expected"),
    [(-200, None), (-100, 10.0), (150, 10.0), (300, 15.0), (450, 20.0), (800, 40.0), (1400, 50.0), (2151, None),
     (2600, 80.0)],
)  # fmt: skip
def test_demand_lies_on_the_line_between_two_points(at: float, expected: float | None) -> None:
    points = [(150.0, 10.0), (450.0, 20.0), (1150.0, 60.0), (1650.0, 40.0), (2600.0, 80.0)]
    assert demand(points, at) == expected


def test_yesterday_and_last_week_at_this_time(ledger: Ledger, checks: Lease) -> None:
    now = began + 30 * DAY
    for days, base in ((1, 10.0), (7, 100.0), (3, 1000.0)):
        for step in range(-2, 4):
            at = now - days * DAY + 300 * step + 150
            keep(ledger, checks, at, checked(at, measured=seen(at, base * (step + 3))))
    found = ledger.seasonality.past_demand(now, {key: 60.0, ("other", "web"): 60.0})
    assert found["other", "web"] == ()
    yesterday, last_week = found[key]
    assert (yesterday.days, last_week.days) == (1, 7)
    assert yesterday.now == pytest.approx(25.0), "between the five minutes before and those after"
    assert yesterday.ahead == pytest.approx(27.0), "a minute further on the line"
    assert last_week.now == pytest.approx(250.0)
    assert ledger.seasonality.past_demand(now, {key: 600.0})[key][0].ahead == pytest.approx(45.0)


def test_a_fall_ahead_is_not_below_now(ledger: Ledger, checks: Lease) -> None:
    for step in range(-2, 4):
        at = began + 300 * step + 150
        keep(ledger, checks, at, checked(at, measured=seen(at, 100.0 - 10 * step)))
    (yesterday,) = ledger.seasonality.past_demand(began + DAY, {key: 300.0})[key]
    assert yesterday == PastDemand(1, 105.0, 105.0)


def test_without_requests_in_flight_it_is_requests_a_second(ledger: Ledger, checks: Lease) -> None:
    for step in (-1, 0):
        at = began + 300 * step + 150
        keep(ledger, checks, at, checked(at, measured=seen(at, None)))
    assert ledger.seasonality.past_demand(began + DAY, {key: 15.0})[key] == (PastDemand(1, 40.0, 40.0),)


def test_the_rhythm_of_many_stacks_at_once(ledger: Ledger, checks: Lease) -> None:
    names = [(f"stack-{number}", "web") for number in range(120)]
    for at in (began - 100, began + 100):
        keep(ledger, checks, at, *(checked(at, of=name) for name in names))
    found = ledger.seasonality.past_demand(began + DAY, dict.fromkeys(names, 30.0))
    assert len(found) == 120
    assert all(demand_then == (PastDemand(1, 5.0, 5.0),) for demand_then in found.values())
