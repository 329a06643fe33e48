"""A whole stack."""

import pytest

from infra_specs.errors import PlanError
from infra_specs.sizing.size import size
from tests.infra_specs.stacks import a_stack

pytestmark = pytest.mark.pure


def test_today_and_one_order_of_magnitude() -> None:
    sizing = size(a_stack(users={"monthly": 2_592_000, "sessions": 1, "requests": 70, "response_time": 1, "peak": 1}))
    assert sizing.demand.in_flight == pytest.approx(70)
    assert (sizing.services["web"].today, sizing.services["web"].design) == (10, 100)


def test_the_reason_for_more_headroom_is_shown() -> None:
    sizing = size(a_stack(headroom=1000, headroom_because="A television advert runs on Friday."))
    assert sizing.arithmetic[-1] == "headroom 1000 because: A television advert runs on Friday."


def test_a_slip_of_the_pen_is_refused() -> None:
    with pytest.raises(PlanError, match=r"web would need [\d,]+ replicas at its design capacity, more than 10,000"):
        size(a_stack(users={"monthly": 10_000_000_000}))
