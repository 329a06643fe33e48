"""A month's budget, month by month."""

from datetime import UTC, datetime

import pytest

from infra_specs.pricing.month import Spent, budget_left, month_of, part_left, seconds_left, spend

pytestmark = pytest.mark.pure


def at(*when: int) -> float:
    return datetime(*when, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("moment", "month", "left"),
    [
        (at(2026, 11, 1), "2026-11", 1.0),
        (at(2026, 11, 16), "2026-11", 0.5),
        (at(2026, 12, 31, 23, 59, 59), "2026-12", 1 / (31 * 86_400)),
        (at(2027, 1, 1), "2027-01", 1.0),
        (at(2028, 2, 29), "2028-02", 1 / 29),
    ],
)
def test_the_part_of_a_month_that_is_left(moment: float, month: str, left: float) -> None:
    assert month_of(moment) == month
    assert part_left(moment) == pytest.approx(left)
    assert seconds_left(moment) == pytest.approx(left * 30 * 86_400)


def test_a_stack_at_its_budget_all_month_stays_within_it_whatever_the_months_length() -> None:
    for month in (2, 11, 12):
        spent, moment = None, at(2026, month, 1)
        while month_of(moment) == f"2026-{month:02}":
            spent = spend(spent, moment, 100)
            assert budget_left(100, spent, moment, 100) == pytest.approx(0, abs=1e-6)
            moment += 7 * 3600


def test_growth_is_counted_from_when_it_came_and_a_new_month_begins_anew() -> None:
    spent = spend(Spent("2026-11", 0, at(2026, 11, 1)), at(2026, 11, 16), 100)
    assert spent == Spent("2026-11", pytest.approx(50), at(2026, 11, 16))
    assert budget_left(100, spent, at(2026, 11, 16), 200) == pytest.approx(-50)
    later = spend(spent, at(2026, 12, 1), 200)
    assert later == Spent("2026-12", pytest.approx(0), at(2026, 12, 1))
    assert budget_left(100, later, at(2026, 12, 1), 50) == pytest.approx(50)


@pytest.mark.parametrize(
    ("again", "moment", "usd"),
    [
        (at(2026, 11, 25), at(2026, 11, 25), 3.0),
        (at(2026, 11, 25), at(2026, 11, 28), 13.0),
        (at(2026, 12, 5), at(2026, 12, 5), 0.0),
        (at(2026, 12, 5), at(2026, 12, 5, 7, 26, 24), 1.0),
        (at(2026, 12, 5), at(2027, 1, 1), 0.0),
    ],
)
def test_what_was_torn_down_costs_from_when_it_is_wanted_again(again: float, moment: float, usd: float) -> None:
    spent = spend(Spent("2026-11", 3.0, again), moment, 100)
    assert budget_left(200, spent, moment, 0) == pytest.approx(200 - usd)


def test_a_clock_that_goes_back_takes_nothing_back() -> None:
    spent = Spent("2026-11", 10, at(2026, 11, 16))
    assert spend(spent, at(2026, 11, 15), 1000) == spent


def test_of_what_was_before_the_first_look_nothing_is_known() -> None:
    assert spend(None, at(2026, 11, 16), 100).usd == 0
    assert budget_left(100, None, at(2026, 11, 16), 100) == pytest.approx(50)
