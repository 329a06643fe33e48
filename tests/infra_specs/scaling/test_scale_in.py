"""What nobody needs goes within an hour, whatever became of changes before."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.scaling.accounts import Accounts, Sums
from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.policy import Policy
from tests.infra_specs.scaling.game import actions, counts, inputs, monday, play

pytestmark = pytest.mark.pure

HOUR = 240
amounts = st.floats(0, 1e5)
sums = st.builds(Sums, amounts, amounts, amounts, amounts)
accounts = st.builds(Accounts, st.floats(1, 6e4), amounts, sums, sums)


def refused(demand: float, checks: int, wanted: int, memory: AutoscalerState) -> AutoscalerState:
    """The memory after checks of which no decision was begun, the last one before `monday`."""
    for check in range(checks):
        now = monday - 15.0 * (checks - check)
        _, memory = decide(Policy(), inputs(demand, now=now, wanted=wanted), memory)
    return memory


@settings(max_examples=12, deadline=None)
@given(accounts, st.floats(0.5, 300), st.integers(2, 900), st.sampled_from([None, 30]))
def test_steady_demand_has_what_it_needs_within_an_hour(
    kept: Accounts, demand: float, wanted: int, step: int | None
) -> None:
    policy = Policy(step=step)
    _, memory = play([demand], wanted=wanted, policy=policy, now=monday - 15.0)
    decided, _ = play([demand] * HOUR, wanted=wanted, policy=policy, memory=replace(memory, accounts=kept))
    cheapest = max(decision.steps[0].replicas for decision in decided[-200:])
    assert decided[-1].replicas <= 1.25 * cheapest, str(decided[-1])


@settings(max_examples=12, deadline=None)
@given(accounts, st.floats(0.5, 100), st.integers(200, 900))
def test_most_of_it_goes_as_soon_as_the_window_is_over(kept: Accounts, demand: float, wanted: int) -> None:
    _, memory = play([demand], wanted=wanted, now=monday - 15.0)
    decided, _ = play([demand] * 40, wanted=wanted, memory=replace(memory, accounts=kept))
    assert decided[-1].replicas <= wanted / 2, str(decided[-1])


@pytest.mark.parametrize("checks", [20, 40, 240])
def test_a_rise_during_a_long_deploy_goes_again(checks: int) -> None:
    """Each check of it wants the same change, which begins once, if ever."""
    _, memory = play([30.0] * 400, now=monday - 15.0 * (400 + checks))
    before = memory.accounts.ours.changes
    memory = refused(1000.0, checks, 5, memory)
    assert memory.accounts.ours.changes <= before, "nothing has begun"
    risen, memory = play([1000.0] * HOUR, wanted=5, memory=memory)
    begun = len(actions(risen))
    assert round(memory.accounts.ours.changes - before) in (begun - 1, begun), "the last is not seen to begin"
    fallen, _ = play([20.0] * HOUR, wanted=risen[-1].replicas, memory=memory, now=monday + 15.0 * HOUR)
    assert risen[-1].replicas > 100
    assert fallen[-1].replicas <= 4


@pytest.mark.parametrize("step", [1, 3, 10])
def test_what_rose_in_steps_goes_in_steps(step: int) -> None:
    policy = Policy(step=step)
    risen, memory = play([20.0] * 200 + [1000.0] * HOUR, policy=policy)
    top = counts(risen)[-1]
    fallen, _ = play([20.0] * HOUR, wanted=top, policy=policy, memory=memory, now=monday + 15.0 * (200 + HOUR))
    assert top > 100
    assert fallen[-1].replicas <= 4
    later = counts(fallen)[20:40]
    assert later == [max(later[-1], later[0] - step * check) for check in range(20)], "no wait between two steps"


def test_the_reason_tells_what_is_saved_and_what_a_change_costs() -> None:
    decided, _ = play([100.0] * 60, wanted=15)
    assert decided[-1].replicas == 15
    reason = r"15 stay: 1[34] would save \d\.\d replicas' worth of cost, and a change costs \d\.\d$"
    assert re.search(reason, str(decided[-1]))
