"""Little's law, against numbers worked out by hand."""

import pytest

from infra_specs.sizing.demand import demand_of, sessions_per_month
from infra_specs.stackfile.models.users import Users

pytestmark = pytest.mark.pure


def test_the_known_example() -> None:
    """115 people at once in 15-second sessions."""
    assert sessions_per_month(115, 15) == 19_872_000


@pytest.mark.parametrize(
    ("monthly", "sessions", "length", "requests", "response", "peak", "at_once", "in_flight"),
    [
        (19_872_000, 1, 15, 1, 1, 1, 115, 23 / 3),
        (0, 8, 180, 20, 0.2, 3, 0, 0),
        (2_592_000, 1, 60, 10, 0.1, 1, 60, 1),
        (2_592_000, 1, 60, 10, 0.1, 3, 60, 3),
        (259_200, 10, 1, 1, 1, 1, 1, 1),
    ],
)
def test_demand(
    monthly: int, sessions: float, length: float, requests: float, response: float, peak: float,
    at_once: float, in_flight: float,
) -> None:  # fmt: skip
    users = Users(
        monthly=monthly, sessions=sessions, session_length=length, requests=requests, response_time=response, peak=peak
    )
    demand = demand_of(users)
    assert demand.users_at_once == pytest.approx(at_once)
    assert demand.in_flight == pytest.approx(in_flight)


def test_the_arithmetic_is_shown() -> None:
    demand = demand_of(Users(monthly=50_000))
    assert demand.arithmetic == (
        "50,000 users x 8 sessions a month / 2,592,000 s = 0.1543 sessions/s",
        "0.1543 sessions/s x 3m = 27.78 users at once",
        "0.1543 sessions/s x 20 requests = 3.086 requests/s",
        "3.086 requests/s x 200ms x peak 3 = 1.852 requests in flight: today's demand",
    )
