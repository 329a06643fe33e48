"""What becomes of the count where something else than demand changes: nothing is taken away by it, and little comes."""

import math
import random
from dataclasses import replace

import pytest

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.policy import Policy
from tests.infra_specs.scaling.game import actions, counts, inputs, monday, play

pytestmark = pytest.mark.pure


def trembling(checks: int, seed: int = 3, mean: float = 100.0) -> list[float | None]:
    source = random.Random(seed)
    return [max(0.0, source.gauss(mean, math.sqrt(10 * mean))) for _ in range(checks)]


def settled(checks: int = 400) -> tuple[int, AutoscalerState]:
    """The count and the memory of a service that has been at rest for long."""
    decided, memory = play(trembling(checks), wanted=16, now=monday - 15.0 * checks)
    return decided[-1].replicas, memory


def test_a_restart_that_lost_its_memory_takes_nothing_away_at_once() -> None:
    wanted, _ = settled()
    decided, _ = play(trembling(11, seed=4), wanted=wanted)
    assert min(counts(decided)) >= wanted
    assert max(counts(decided)) <= 1.5 * wanted


def test_a_gap_in_the_measurements_changes_no_count() -> None:
    wanted, memory = settled()
    gap: list[float | None] = [None] * 60
    decided, _ = play([*gap, *trembling(10, seed=4)], wanted=wanted, memory=memory)
    assert set(counts(decided)[:60]) == {wanted}
    assert min(counts(decided)) >= wanted


def test_a_replaced_proxy_takes_nothing_away() -> None:
    """Its counters begin anew, so the first window is a lower bound."""
    wanted, memory = settled()
    now = inputs(3.0, wanted=wanted, status="reset")
    decision, after = decide(Policy(), now, memory)
    assert decision.replicas == wanted
    assert after.forecasts == memory.forecasts, "and nothing is learned of it"


def test_half_the_work_a_request_halves_the_replicas_and_no_more() -> None:
    wanted, memory = settled()
    decided, _ = play(trembling(80, seed=5), wanted=wanted, memory=memory, capacity=20.0)
    assert min(counts(decided)[:11]) >= 0.9 * wanted, "not before the window is over"
    assert wanted / 3 <= decided[-1].replicas < wanted


@pytest.mark.parametrize("start_seconds", [15.0, 60.0, 285.0])
def test_a_climb_is_kept_up_with_however_slowly_replicas_start(start_seconds: float) -> None:
    climbing = [50.0 + check for check in range(200)]
    slow, memory = play(climbing, wanted=8, start_seconds=start_seconds)
    assert all(10 * count > 1.1 * value for count, value in zip(counts(slow)[10:], climbing[10:], strict=True))
    assert len(memory.forecasts.due) == round(start_seconds / 15) + 1, "each forecast is kept until it is due"


def test_a_start_that_grows_to_five_minutes_loses_no_count() -> None:
    wanted, memory = settled()
    for check, value in enumerate(trembling(120, seed=6)):
        now = inputs(value, wanted=wanted, now=monday + 15.0 * check, start_seconds=15.0 + min(270.0, 5.0 * check))
        decision, memory = decide(Policy(), now, memory)
        wanted = decision.replicas
        assert 12 <= wanted <= 30


def test_nobody_asks_for_anything_for_a_day() -> None:
    decided, memory = play(lambda _: 0.0, 5760, wanted=9)
    assert len(actions(decided)) == 1
    assert decided[-1].replicas == 1
    first, _ = decide(Policy(), replace(inputs(30.0, wanted=1), now=monday + 86_400), memory)
    assert first.replicas >= 1
