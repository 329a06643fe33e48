"""What is said before growth presses."""

from typing import Any

import pytest

from infra_specs.advice.growth import days_until, growth
from infra_specs.spec.load import from_data
from infra_specs.spec.stack import Stack

pytestmark = pytest.mark.pure


def stack(**more: Any) -> Stack:
    """7.4 requests in flight at today's peak: 3 replicas today, 27 by design, at $10 each."""
    web = {"command": "run", "port": 80, "capacity": 4, **more.pop("web", {})}
    target = {"provider": "memory", "price_per_replica": 10}
    return from_data(
        {"name": "shop", "target": target, "services": {"web": web}, "users": {"monthly": 200_000},
         "needs": {"database": "postgres"}, **more}
    )  # fmt: skip


def days(*peaks: float) -> list[tuple[float, float]]:
    return list(enumerate(peaks))


def said(made: Stack, *peaks: float, count: int = 3) -> list[str]:
    return [str(advice) for advice in growth(made, {"web": count}, {"web": days(*peaks)})]


def test_nothing_is_said_far_from_every_limit() -> None:
    assert said(stack(budget=1000), *[20.0] * 10) == []
    assert growth(stack(), {"web": 3}, {}) == ()
    assert said(stack()) == []


def test_near_the_design_capacity_the_users_of_today_become_the_measure() -> None:
    (advice,) = said(stack(), *[63.0] * 3, count=23)
    assert advice == (
        "web needs 23 replicas at its busiest, of at most 27 (the design capacity). Next step: set users.monthly: "
        "1800000; $230 a month as before today and $270 to $2,390 a month at the design capacity; touches "
        "volume/database, database/main; up to 30 s without the database."
    )


def test_where_the_file_says_the_maximum_that_is_raised() -> None:
    (advice,) = growth(stack(web={"replicas": {"max": 8}}), {"web": 7}, {"web": days(18.0)})
    assert advice.said == "web needs 7 replicas at its busiest, of at most 8 (what the file allows)"
    assert advice.step is not None
    assert advice.step.keys == "services.web.replicas.max: 16"
    assert (advice.step.touches, advice.step.downtime) == ((), "no downtime")


def test_a_trend_that_gets_there_within_the_notice_is_said() -> None:
    (advice,) = said(stack(), *(30.0 + 2 * day for day in range(10)))
    assert advice.startswith("web comes near its limit in 19 days if it goes on growing as it does, of at most 27")
    assert said(stack(), *(30.0 + 0.5 * day for day in range(10))) == []


def test_a_budget_that_the_busiest_hours_would_use_up() -> None:
    (advice,) = growth(stack(budget=150), {"web": 3}, {"web": days(36.0)})
    assert advice.about == "budget"
    assert advice.said == "the busiest hours would cost $130 a month if they stayed, and the budget is $150"
    assert advice.step is not None
    assert advice.step.keys == "budget: 170"


@pytest.mark.parametrize(
    ("peaks", "level", "days_left"),
    [
        ([1, 2, 3, 4, 5], 10, 5),
        ([5, 5, 5, 5, 5], 10, None),
        ([5, 4, 3, 2, 1], 10, None),
        ([1, 2, 3, 4], 10, None),
        ([1, 2, 3, 4, 5], 3, 0),
        ([], 3, None),
    ],
)
def test_how_long_a_trend_takes(peaks: list[float], level: float, days_left: float | None) -> None:
    assert days_until(days(*peaks), level) == (None if days_left is None else pytest.approx(days_left))
