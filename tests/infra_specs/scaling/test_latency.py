"""The latency that was asked for is kept, by as many as it takes, and they stay."""

import random
from dataclasses import replace

import pytest

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.policy import Policy
from tests.infra_specs.scaling.game import actions, counts, inputs, monday

pytestmark = pytest.mark.pure

FOUR_HOURS = 960
OBJECTIVE = 0.3
policy = Policy(latency=OBJECTIVE)


def play(keeps: float, noise: float = 0.0, seed: int = 1, wanted: int = 3, late: int = 0) -> list[Decision]:
    """30 in flight, of which a replica takes 10, and a latency that falls as replicas come: `keeps` of them meet the
    objective. A replica serves `late` checks after it was asked for."""
    source, memory, decided, asked = random.Random(seed), AutoscalerState(), list[Decision](), [wanted] * (late + 1)
    for check in range(FOUR_HOURS):
        serving = asked[check]
        inside, latency = (value * (1 + source.uniform(-noise, noise)) for value in (30, OBJECTIVE * keeps / serving))
        now = inputs(inside, latency=latency, wanted=wanted, serving=serving, now=monday + 15 * check)
        now = replace(now, measured=replace(now.measured, serving=serving))
        decision, memory = decide(policy, now, memory)
        decided.append(decision)
        wanted = decision.replicas
        asked.append(wanted)
    return decided


def kept(decided: list[Decision]) -> float:
    """The part of the checks that saw the objective met."""
    return sum((record.inputs.measured.latency or 0) <= OBJECTIVE + 1e-9 for record in decided) / len(decided)


@pytest.mark.parametrize("keeps", [2.0, 4.5, 5.0, 6.0, 7.2])
@pytest.mark.parametrize(("noise", "seed"), [(0.0, 1), (0.05, 1), (0.05, 2), (0.05, 3)])
@pytest.mark.parametrize(("wanted", "late"), [(3, 0), (3, 2), (12, 0)])
def test_the_objective_is_kept_in_few_actions(keeps: float, noise: float, seed: int, wanted: int, late: int) -> None:
    decided = play(keeps, noise, seed, wanted, late)
    assert len(actions(decided)) <= 3, actions(decided)
    assert kept(decided) > 0.99
    assert max(counts(decided)[20:]) <= max(6, keeps + 2), "and no more than that takes"


@pytest.mark.parametrize("keeps", [10.0, 20.0, 400.0])
@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_what_more_replicas_do_not_cure_gets_twice_what_demand_asks_for(keeps: float, noise: float) -> None:
    decided = play(keeps, noise)
    assert len(actions(decided)) <= 3, actions(decided)
    assert 8 <= max(counts(decided)) <= 12
    assert "no more than 2 times what demand asks for" in str(decided[-1])


def test_demand_that_goes_takes_its_replicas_with_it() -> None:
    memory, wanted = AutoscalerState(serving=8), 8
    for check in range(40):
        now = inputs(2.0, latency=0.02, wanted=wanted, now=monday + 15 * check)
        decision, memory = decide(policy, now, memory)
        wanted = decision.replicas
    assert wanted == 1


def test_those_that_came_since_the_last_check_did_not_make_it_slow() -> None:
    decision, _ = decide(policy, inputs(60.0, latency=0.6, wanted=12), AutoscalerState(serving=6))
    assert decision.replicas == 12
    decision, _ = decide(policy, inputs(60.0, latency=0.6, wanted=12), AutoscalerState(serving=12))
    assert decision.replicas == 20
