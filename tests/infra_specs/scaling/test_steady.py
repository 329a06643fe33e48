"""Demand that goes to and fro is not followed to and fro."""

import math
import random

import pytest

from tests.infra_specs.scaling.game import actions, counts, play

pytestmark = pytest.mark.pure

HALF_AN_HOUR = 120


@pytest.mark.parametrize(("low", "high"), [(10, 30), (20, 60), (10, 100), (50, 100), (100, 300), (200, 1000)])
@pytest.mark.parametrize("shifted", [0, 4, 8])
def test_a_square_wave_of_four_minutes_takes_at_most_four_actions(low: float, high: float, shifted: int) -> None:
    decided, _ = play(
        lambda check: high if (check + shifted) // 8 % 2 else low, HALF_AN_HOUR, wanted=math.ceil(low / 7)
    )
    assert len(actions(decided)) <= 4, actions(decided)
    assert min(counts(decided)[16:]) * 10 >= high, "and it is enough for the high half"


def test_a_step_that_was_seen_in_part_first_is_not_taken_for_a_rise_without_end() -> None:
    """As a check meets it in the middle of its interval."""
    decided, _ = play([2.0] * 9 + [6.11, 8.19] + [8.2] * 6, wanted=2, capacity=1.4, start_seconds=3.0)
    assert counts(decided)[8:] == [3, 11, 14, 14, 14, 14, 14, 14, 14], "8.2 / 1.4 / 0.7 are 8.4; once as much again"


@pytest.mark.parametrize("mean", [10, 30, 100, 1000])
@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("evenly", [True, False])
def test_noise_of_fifteen_percent_takes_at_most_four_actions(mean: float, seed: int, evenly: bool) -> None:
    source = random.Random(seed)
    values = [
        mean * (1 + (source.uniform(-0.15, 0.15) if evenly else source.choice([-0.15, 0.15])))
        for _ in range(HALF_AN_HOUR)
    ]
    decided, _ = play(values, wanted=math.ceil(mean / 7))
    assert len(actions(decided)) <= 4, actions(decided)
    assert min(counts(decided)) * 10 >= mean


def test_still_demand_is_left_alone() -> None:
    decided, _ = play([100.0] * 480, wanted=15)
    assert not actions(decided)


def test_noisier_demand_gets_more_headroom() -> None:
    ends = []
    for part in (0.05, 0.15, 0.4):
        source = random.Random(1)
        decided, _ = play([100 * (1 + source.uniform(-part, part)) for _ in range(480)], wanted=15)
        ends.append(decided[-1].replicas)
    assert ends == sorted(ends)
    assert ends[0] < ends[-1]


def test_ten_times_the_users_are_ten_times_the_replicas_at_the_first_check() -> None:
    decided, _ = play([9.0] * 40 + [90.0] * 4, wanted=2)
    assert counts(decided)[39] <= 2
    assert counts(decided)[40] >= 10
