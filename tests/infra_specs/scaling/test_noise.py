"""The noise that a service was measured to have, as a histogram."""

import random

import pytest

from infra_specs.scaling.noise import CENTRES, FIRST_GUESS, atoms, updated, within

pytestmark = pytest.mark.pure


def test_the_first_guess_is_the_normal_curve_with_heavier_ends() -> None:
    assert sum(FIRST_GUESS) == pytest.approx(1, abs=1e-4)
    assert within(FIRST_GUESS, 0.5) == 0
    assert within(FIRST_GUESS, 0.95) == pytest.approx(1.65, abs=0.2)
    assert within(FIRST_GUESS, 0.999) > 3.3


@pytest.mark.parametrize("spread", [0.2, 1.0, 3.0])
def test_it_learns_how_errors_are_spread(spread: float) -> None:
    source, bins = random.Random(1), FIRST_GUESS
    for check in range(5000):
        bins = updated(bins, check, source.gauss(0, spread))
    assert sum(bins) == pytest.approx(1, abs=0.01)
    assert within(bins, 0.95) == pytest.approx(1.65 * spread, abs=0.5)


def test_what_may_arrive_is_never_less_than_nothing() -> None:
    demand = atoms(FIRST_GUESS, 1.0, 2.0)
    assert all(arrives > 0 for arrives, _ in demand)
    assert len(demand) < len(CENTRES)
    assert atoms(FIRST_GUESS, 100.0, 2.0)[-1][0] == 100 + 2 * CENTRES[-1]
