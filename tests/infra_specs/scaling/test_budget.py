"""Money: no growth, then the largest gives back, then, only if told so, the end."""

from typing import Any

import pytest

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.policy import OverBudget, Policy
from tests.infra_specs.scaling.game import inputs

pytestmark = pytest.mark.pure

MONTH = 2_592_000.0
ASKS_FOR_THIRTEEN: dict[str, Any] = {"in_flight": 95.0, "price": 10.0}


@pytest.mark.parametrize(
    ("left", "seconds", "replicas", "words"),
    [
        (None, MONTH, 15, "3 to 15"),
        (1000.0, MONTH, 15, "3 to 15"),
        (40.0, MONTH, 7, "$40 is left of the month's budget, and a replica costs $10 until its end"),
        (40.0, MONTH / 2, 11, "a replica costs $5 until"),
        (40.0, 0.0, 15, "3 to 15"),
        (0.0, MONTH, 3, "nothing is left of the month's budget"),
        (-5.0, MONTH, 3, "nothing is left of the month's budget"),
        (-5.0, 1e-310, 3, "nothing is left of the month's budget"),
    ],
)
def test_growth_ends_where_the_rest_of_the_month_is_paid_for(
    left: float | None, seconds: float, replicas: int, words: str
) -> None:
    now = inputs(**ASKS_FOR_THIRTEEN, budget_left=left, month_left=seconds)
    decision, _ = decide(Policy(), now, AutoscalerState())
    assert decision.replicas == replicas, decision.reason
    assert words in decision.reason


@pytest.mark.parametrize(
    ("over_budget", "largest", "left", "replicas"),
    [
        ("hold", True, -25.0, 8), ("shrink", False, -25.0, 8), ("shrink", True, -25.0, 5), ("shrink", True, -900.0, 2),
        ("stop", True, -25.0, 5), ("stop", True, -900.0, 2), ("stop", False, -900.0, 8),
    ],
)  # fmt: skip
def test_over_the_budget_the_largest_gives_back_what_is_missing(
    over_budget: OverBudget, largest: bool, left: float, replicas: int
) -> None:
    now = inputs(95.0, price=10.0, wanted=8, minimum=2, budget_left=left, largest=largest)
    decision, _ = decide(Policy(over_budget=over_budget), now, AutoscalerState())
    assert decision.replicas == replicas, decision.reason


@pytest.mark.parametrize(("over_budget", "replicas"), [("hold", 2), ("shrink", 2), ("stop", 0)])
def test_at_the_minimum_it_stops_only_if_told_so(over_budget: OverBudget, replicas: int) -> None:
    now = inputs(95.0, price=10.0, wanted=2, minimum=2, budget_left=-25.0, largest=True)
    decision, _ = decide(Policy(over_budget=over_budget), now, AutoscalerState())
    assert decision.replicas == replicas
    if over_budget == "stop":
        assert "$25 over the month's budget with every service at its minimum: stopped" in decision.reason


def test_the_last_bit_of_a_sum_takes_no_replica_away() -> None:
    now = inputs(40.0, price=10.0, wanted=8, minimum=2, budget_left=-3e-13, largest=True)
    decision, _ = decide(Policy(), now, AutoscalerState())
    assert decision.replicas == 8, decision.reason


@pytest.mark.parametrize(
    ("left", "replicas", "words"),
    [
        (-5.0, 0, "stopped: nothing is left of the month's budget, and its 2 cost $20 until its end"),
        (19.0, 0, "stopped: $19 is left of the month's budget, and its 2 cost $20 until its end"),
        (20.0, 2, "0 to 2"), (45.0, 4, "$45 is left of the month's budget, and a replica costs $10 until its end"),
        (1000.0, 15, "0 to 15"), (None, 15, "0 to 15"),
    ],
)  # fmt: skip
def test_what_is_stopped_begins_again_when_its_minimum_is_paid_for(
    left: float | None, replicas: int, words: str
) -> None:
    now = inputs(**ASKS_FOR_THIRTEEN, wanted=0, minimum=2, budget_left=left)
    decision, _ = decide(Policy(over_budget="stop"), now, AutoscalerState())
    assert decision.replicas == replicas, decision.reason
    assert words in decision.reason


def test_what_does_not_stop_any_more_has_its_minimum_again() -> None:
    now = inputs(None, status="absent", price=10.0, wanted=0, minimum=2, budget_left=-5.0, largest=True)
    assert decide(Policy(over_budget="shrink"), now, AutoscalerState())[0].replicas == 2


def test_an_unknown_price_limits_nothing() -> None:
    assert decide(Policy(), inputs(95.0, budget_left=0.0), AutoscalerState())[0].replicas == 15


def test_the_spec_s_minimum_is_given_whatever_it_costs() -> None:
    now = inputs(95.0, price=10.0, wanted=1, minimum=4, budget_left=0.0)
    assert decide(Policy(), now, AutoscalerState())[0].replicas == 4


def test_a_fall_in_demand_goes_below_what_the_budget_allows() -> None:
    now = inputs(10.0, price=10.0, wanted=8, budget_left=-5.0, largest=True)
    assert decide(Policy(window=0), now, AutoscalerState())[0].replicas <= 3
