"""What is said before growth presses."""

from collections.abc import Sequence
from typing import Any

import pytest

from infra_specs.advice.growth import Advice, days_until, growth
from infra_specs.stackfile.models.stack import Stack
from infra_specs.stackfile.reading.load import from_data

pytestmark = pytest.mark.pure


def stack(**more: Any) -> Stack:
    """7.4 requests in flight at today's peak: 3 replicas today, 27 by design, at $10 each."""
    web = {"command": "run", "port": 80, "capacity": 4, **more.pop("web", {})}
    target = {"provider": "memory", "price_per_replica": 10}
    return from_data(
        {"name": "shop", "target": target, "services": {"web": web}, "users": {"monthly": 200_000},
         "needs": {"database": "postgres"}, **more}
    )  # fmt: skip


TODAY = 100


def days(*peaks: float) -> list[tuple[float, float]]:
    """The last of them was yesterday."""
    return list(enumerate(peaks, TODAY - len(peaks)))


def grown(made: Stack, *peaks: float, count: int = 3, so_far: float | None = None) -> tuple[Advice, ...]:
    """What is said of these days, and of `so_far` today."""
    now = [] if so_far is None else [(float(TODAY), so_far)]
    return growth(made, {"web": count}, {"web": [*days(*peaks), *now]}, TODAY)


def said(made: Stack, *peaks: float, count: int = 3, so_far: float | None = None) -> list[str]:
    return [str(advice) for advice in grown(made, *peaks, count=count, so_far=so_far)]


def test_nothing_is_said_far_from_every_limit() -> None:
    assert said(stack(budget=1000), *[20.0] * 10) == []
    assert growth(stack(), {"web": 3}, {}, TODAY) == ()
    assert said(stack()) == []


@pytest.mark.parametrize("share", [1e-309, 5e-324, 1e-300, 1e-12])
def test_no_number_of_users_explains_a_peak_where_next_to_none_were_expected(share: float) -> None:
    (advice,) = grown(stack(web={"share": share}), 63.0)
    assert (advice.said, advice.step) == (
        "web needs 23 replicas at its busiest, of at most 1 (the design capacity)",
        None,
    )


@pytest.mark.parametrize(
    ("more", "peak"),
    [
        ({"web": {"replicas": {"max": 5}}}, 1e12),
        ({}, 1e9),
        ({}, 1e5),
        ({"budget": 100_000_000}, 1e12),
    ],
)
def test_a_step_that_the_language_cannot_write_is_none(more: dict[str, Any], peak: float) -> None:
    assert [advice.step for advice in grown(stack(**more), peak)] == [None]


def test_near_the_design_capacity_the_users_of_today_become_the_measure() -> None:
    (advice,) = said(stack(), *[63.0] * 3, count=23)
    assert advice == (
        "web needs 23 replicas at its busiest, of at most 27 (the design capacity). Next step: set users.monthly: "
        "1800000; $230 a month as before today and $270 to $2,390 a month at the design capacity; touches "
        "volume/database, database/main; up to 30 s without the database."
    )


def test_where_the_file_says_the_maximum_that_is_raised() -> None:
    (advice,) = grown(stack(web={"replicas": {"max": 8}}), 18.0, count=7)
    assert advice.said == "web needs 7 replicas at its busiest, of at most 8 (what the file allows)"
    assert advice.step is not None
    assert advice.step.keys == "services.web.replicas.max: 16"
    touched = (("database/main",), "up to 30 s without the database")
    assert (advice.step.touches, advice.step.downtime) == touched, "sized for the connections of all that there may be"


def test_a_trend_that_gets_there_within_the_notice_is_said() -> None:
    (advice,) = said(stack(), *(20.0 + day for day in range(20)))
    assert advice.startswith("web comes near its limit in 21 days if it goes on growing as it does, of at most 27")
    assert said(stack(), *(20.0 + 0.5 * day for day in range(20))) == []


def test_a_week_that_follows_a_weekend_is_no_trend() -> None:
    week = [6.0, 6.0, 40.0, 40.0, 40.0, 40.0, 40.0]
    of_ten = stack(web={"capacity": 8, "replicas": {"max": 10}})
    for length in range(1, 36):
        assert said(of_ten, *(week[day % 7] for day in range(length))) == [], length


def test_the_day_that_is_not_over_neither_makes_a_trend_nor_hides_one() -> None:
    rising, level = [20.0 + day for day in range(20)], [30.0] * 20
    assert said(stack(), *rising, so_far=1.0) == said(stack(), *rising)
    assert said(stack(), *level, so_far=1.0) == said(stack(), *level) == []
    assert said(stack(), *level, so_far=63.0), "but what it was busy with counts at once"
    assert said(stack(), 63.0, *[30.0] * 6, so_far=1.0), "and last week's busiest day until it is over"
    assert said(stack(), 63.0, *[30.0] * 7, so_far=1.0) == []


@pytest.mark.parametrize(
    ("web", "peak", "warned"),
    [
        ({"capacity": 10, "replicas": {"max": 1}}, 0.01, False),
        ({"capacity": 10, "replicas": 1}, 0.01, False),
        ({"capacity": 10, "replicas": 1}, 5.5, False),
        ({"capacity": 10, "replicas": 1}, 5.7, True),
        ({"capacity": 10, "replicas": {"max": 3}}, 14.5, False),
        ({"capacity": 10, "volumes": {"data": "/data"}}, 50.0, False),
    ],
)
def test_a_small_service_is_near_its_limit_by_what_it_is_asked(web: dict[str, Any], peak: float, warned: bool) -> None:
    assert bool(said(stack(web=web), peak, count=1)) == warned


def test_a_tiny_stack_is_told_nothing() -> None:
    assert said(stack(users={"monthly": 100}, web={"capacity": 10}), *[0.01] * 20, count=1) == []
    (advice,) = grown(stack(web={"capacity": 10, "replicas": 1}), 6.5, count=1)
    assert advice.said == "web needs 1 replica at its busiest, of at most 1 (what the file allows)"


def test_a_budget_that_the_busiest_hours_would_use_up() -> None:
    (advice,) = grown(stack(budget=150), 36.0)
    assert advice.about == "budget"
    assert advice.said == "the busiest hours would cost $130 a month if they stayed, and the budget is $150"
    assert advice.step is not None
    assert advice.step.keys == "budget: 170"


@pytest.mark.parametrize(
    ("peaks", "level", "days_left"),
    [
        (range(1, 15), 20, 6),
        ([5] * 14, 10, None),
        (range(14, 0, -1), 10, None),
        (range(1, 14), 20, None),
        (range(1, 15), 3, 0),
        ([], 3, None),
    ],
)
def test_how_long_a_trend_takes(peaks: Sequence[float], level: float, days_left: float | None) -> None:
    assert days_until(days(*peaks), level) == (None if days_left is None else pytest.approx(days_left))
