"""A clock that is set back waits for nothing that it remembers of the future."""

import pytest

from infra_specs.scaling.past import without_future
from infra_specs.scaling.policy import Policy
from tests.infra_specs.scaling.game import counts, inputs, monday, play

pytestmark = pytest.mark.pure

DAY = 86_400.0


def test_nothing_of_the_future_is_left() -> None:
    _, memory = play([200.0, 150.0, 100.0, 20.0] * 10, wanted=30)
    now = inputs(20.0, now=monday - DAY)
    past = without_future(Policy(), now, memory)
    assert past.recommendations == ((monday - DAY, 3),), "the count that is there"
    assert (past.shadow.wishes, past.forecasts.due) == ((), ())
    assert past.busy == monday - DAY
    assert past.settles is not None
    assert past.settles <= monday - DAY + Policy().window


def test_nothing_is_dropped_while_the_clock_runs_on() -> None:
    _, memory = play([200.0, 150.0, 100.0, 20.0] * 10, wanted=30, start_seconds=270.0)
    now = inputs(20.0, now=monday + 15.0 * 40, start_seconds=270.0)
    assert without_future(Policy(), now, memory) == memory


@pytest.mark.parametrize("back", [60.0, 3600.0, 3 * DAY])
def test_what_falls_goes_when_the_window_is_over(back: float) -> None:
    risen, memory = play([200.0] * 400, wanted=30, now=monday - 15.0 * 400)
    wanted = risen[-1].replicas
    fallen, memory = play([20.0] * 60, wanted=wanted, memory=memory, now=monday - back)
    assert set(counts(fallen)[:11]) == {wanted}, "not at once either"
    assert fallen[-1].replicas <= 4
    assert len(memory.forecasts.due) <= 3


def test_the_last_one_goes_when_it_was_idle_long_enough() -> None:
    _, memory = play([20.0] * 40, wanted=3)
    decided, _ = play([0.0] * 120, wanted=3, minimum=0, memory=memory, now=monday - DAY)
    assert decided[-1].replicas == 0
