"""A policy, played over users."""

from dataclasses import replace

import pytest

from infra_specs.replay.demand import Window
from infra_specs.replay.play import play
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput

pytestmark = pytest.mark.pure

about = ScalingInput("web", 0, Measurement(0, 15), 1, 1, 0, maximum=20, capacity=10, start_seconds=30, price=72)


def users(*in_flight: float) -> list[Window]:
    return [Window(15.0 * at, 5 * demand, demand) for at, demand in enumerate(in_flight)]


def test_steady_users_lose_nothing_and_cost_what_they_need() -> None:
    played = play(Policy(), about, users(*[10.0] * 240), 15)
    assert (played.lost, played.actions_a_day, set(played.counts)) == (0, 0, {2})
    assert played.replica_hours == 2
    assert played.price == pytest.approx(2 * 72 / 720)
    assert played.requests == 240 * 15 * 50


def test_a_step_loses_what_is_above_the_capacity_until_more_serve() -> None:
    played = play(Policy(), about, users(*[7.0] * 40, *[70.0] * 40), 15)
    # The step's first window is measured, then 30 s until more serve: three windows in which 50 of 70 are too many.
    assert played.lost == pytest.approx(3 * 15 * 350 * 50 / 70)
    assert played.counts[39:42] == (2, 2, max(played.counts))
    assert played.counts[-1] >= 8


def test_bounds_hold_and_an_unknown_price_stays_unknown() -> None:
    played = play(Policy(), replace(about, maximum=3, price=None), users(*[7.0] * 10, *[70.0] * 40), 15)
    assert max(played.counts) == 3
    assert played.price is None
    assert played.lost_part > 0.4


def test_without_users_nothing_is_lost() -> None:
    played = play(Policy(), about, users(*[0.0] * 10), 15)
    assert (played.lost_part, played.requests, set(played.counts)) == (0, 0, {1})
