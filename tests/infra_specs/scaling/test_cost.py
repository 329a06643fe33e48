"""The expected cost of a count, and the count with the least."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.scaling.cost import HOT, Prices, cheapest_count, expected_cost, slow_price

pytestmark = pytest.mark.pure

prices = st.builds(Prices, st.floats(0, 2), st.floats(0, 20), st.floats(0, 50), st.just(0.0))
demands = st.lists(st.tuples(st.floats(0, 300), st.floats(0.01, 1)), max_size=6)


@pytest.mark.parametrize("utilisation", [0.3, 0.5, 0.7, 0.8])
@pytest.mark.parametrize("demand", [21.0, 70.0, 700.0])
def test_steady_demand_is_answered_by_the_utilisation_asked_for(utilisation: float, demand: float) -> None:
    count = cheapest_count([(demand, 1.0)], Prices(slow_price(utilisation), 0.0, 0.0, 0.0), 1)
    assert count == pytest.approx(demand / utilisation, abs=1)


def test_what_is_slow_hot_and_lost_is_paid_for() -> None:
    still = Prices(0.0, 0.0, 0.0, 0.0)
    assert expected_cost(10, [(5.0, 1.0)], still) == 10
    assert expected_cost(10, [(5.0, 1.0)], Prices(0.2, 0.0, 0.0, 0.0)) == pytest.approx(10 + 5 * 0.2 * 2)
    assert expected_cost(10, [(9.8, 0.5)], Prices(0.0, 2.0, 0.0, 0.0)) == pytest.approx(
        10 + 0.5 * 9.8 * 2 * (0.98 - HOT) / (1 - HOT)
    )
    lost = expected_cost(10, [(12.0, 1.0)], Prices(0.0, 0.0, 3.0, 0.0))
    assert lost == pytest.approx(10 + 3 * 2)


@settings(max_examples=300, deadline=None)
@given(demands, prices, st.integers(0, 900))
def test_the_cheapest_count_is_found_from_anywhere(demand: list[tuple[float, float]], price: Prices, near: int) -> None:
    count = cheapest_count(demand, price, near)
    least = min(expected_cost(other, demand, price) for other in range(max(1, count - 3), count + 4))
    assert count >= 1
    assert expected_cost(count, demand, price) <= least + 1e-6 * max(1.0, least)
    further = cheapest_count(demand, price, 1)
    assert expected_cost(further, demand, price) == pytest.approx(expected_cost(count, demand, price))


@pytest.mark.parametrize("dearer", ["slow", "hot", "lost"])
def test_a_dearer_price_never_lowers_the_count(dearer: str) -> None:
    counts = []
    for price in (0.1, 0.5, 2.0, 8.0):
        prices = {"slow": 0.18, "hot": 0.5, "lost": 1.0, "change": 0.0} | {dearer: price}
        counts.append(cheapest_count([(10.0, 0.99), (30.0, 0.01)], Prices(**prices), 12))
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
