"""A count that was not decided for its demand teaches nothing, and neither does what was asked for otherwise."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from infra_specs.scaling.accounts import Sums
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import ScalingInput
from tests.infra_specs.scaling.game import inputs, monday, play

pytestmark = pytest.mark.pure

CHECKS = 60


def seen(sums: Sums) -> tuple[float, float, float]:
    return (sums.slow, sums.hot, sums.lost)


def held(*, wanted: int = 3, **limits: Any) -> AutoscalerState:
    """The memory after checks in which `wanted` stay, whatever is decided."""
    policy, memory = Policy(window=0.0), AutoscalerState()
    for check in range(CHECKS):
        _, memory = decide(policy, inputs(100.0, now=monday + 15.0 * check, wanted=wanted, **limits), memory)
    return memory


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"mode": "advise"}, id="advice"),
        pytest.param({}, id="no run began"),
        pytest.param({"room": 3}, id="room"),
        pytest.param({"maximum": 3}, id="maximum"),
        pytest.param({"price": 100.0, "budget_left": 0.0}, id="budget"),
        pytest.param({"minimum": 40, "wanted": 40}, id="minimum"),
    ],
)
def test_what_is_held_teaches_nothing(limits: dict[str, Any]) -> None:
    accounts = held(**limits).accounts
    assert accounts.checks == 1, "the first, of which nothing is known yet"
    assert accounts.ours.changes == 0


def test_it_teaches_again_when_the_next_count_serves() -> None:
    memory = held(room=3, start_seconds=30.0)
    decided, memory = play(
        [100.0] * 10, policy=Policy(window=0.0), memory=memory, now=monday + 15.0 * CHECKS, start_seconds=30.0
    )
    assert decided[0].replicas > 10
    assert memory.accounts.checks == pytest.approx(1 + 10 - 3, abs=0.01), "a start of two checks, and a window"


def test_a_step_at_a_time_is_no_hold_for_the_hpa_has_it_too() -> None:
    _, memory = play([100.0] * 10, policy=Policy(step=1))
    assert memory.accounts.checks == pytest.approx(10, abs=0.01)
    assert memory.accounts.ours.changes + 1 == pytest.approx(memory.accounts.theirs.changes, abs=1.01)


def of_policy(policy: Policy) -> Callable[[AutoscalerState], AutoscalerState]:
    return lambda memory: decide(policy, inputs(50.0, wanted=8), memory)[1]


def of_inputs(now: ScalingInput) -> Callable[[AutoscalerState], AutoscalerState]:
    return lambda memory: decide(Policy(), now, memory)[1]


@pytest.mark.parametrize(
    "another",
    [
        pytest.param(of_policy(Policy(utilisation=0.5)), id="utilisation"),
        pytest.param(of_policy(Policy(prefer="quick")), id="prefer"),
        pytest.param(of_policy(Policy(step=2)), id="step"),
        pytest.param(of_inputs(inputs(50.0, wanted=8, maximum=20)), id="maximum"),
        pytest.param(of_inputs(inputs(50.0, wanted=8, minimum=2)), id="minimum"),
        pytest.param(of_inputs(inputs(50.0, wanted=8, capacity=20.0)), id="capacity"),
    ],
)
def test_accounts_of_something_else_are_begun_anew(another: Callable[[AutoscalerState], AutoscalerState]) -> None:
    _, memory = play([50.0] * CHECKS, wanted=8, now=monday - 15.0 * CHECKS)
    assert of_policy(Policy())(memory).accounts.checks > CHECKS - 1
    after = another(memory)
    assert after.accounts.checks == 1
    assert len(after.shadow.counts) <= 2


def test_what_accounts_are_of_is_kept_as_plain_data() -> None:
    _, memory = play([50.0] * 3)
    kept = AutoscalerState.from_data(replace(memory, held=monday, fewer=monday).as_data())
    assert kept.compared_for == memory.compared_for
    assert (kept.held, kept.fewer) == (monday, monday)
