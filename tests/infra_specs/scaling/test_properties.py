"""What holds of every decision, whatever was measured and whatever is remembered."""

import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.decision import Decision
from infra_specs.scaling.measurement import Measurement
from infra_specs.scaling.policy import Policy
from infra_specs.scaling.scaling_input import PastDemand, ScalingInput
from tests.infra_specs.scaling.game import monday, play

pytestmark = pytest.mark.pure

amounts = st.floats(0, 1e6)
wild = st.none() | amounts | st.sampled_from([float("nan"), float("inf"), -1.0, 1e300])
policies = st.builds(
    Policy,
    utilisation=st.sampled_from([0.3, 0.7, 1.0]),
    prefer=st.sampled_from(["cheap", "balanced", "quick"]),
    window=st.sampled_from([0.0, 180.0, 3600.0]),
    latency=st.none() | st.floats(0.01, 10),
    cpu=st.none() | st.floats(0.1, 1),
    queue=st.none() | st.floats(1, 100),
    step=st.none() | st.integers(1, 50),
    over_budget=st.sampled_from(["hold", "shrink", "stop"]),
)


@st.composite
def situations(draw: st.DrawFn, values: st.SearchStrategy[float | None] = wild) -> ScalingInput:
    low = draw(st.integers(0, 50))
    wanted = draw(st.integers(0, 200))
    status = draw(st.sampled_from(["fresh", "fresh", "fresh", "absent", "stale", "partial", "reset"]))
    seen = Measurement(
        monday, 15.0, draw(values), draw(values), draw(values), wanted, draw(values), draw(values), status
    )  # fmt: skip
    return ScalingInput(
        "web", monday, seen, wanted, wanted, 0, low, low + draw(st.integers(0, 200)), None,
        draw(st.floats(0.1, 1000)), draw(st.none() | st.floats(0.1, 1000)), draw(st.floats(0, 600)),
        rhythm=tuple(draw(st.lists(st.builds(PastDemand, st.integers(1, 7), amounts, amounts), max_size=3))),
        price=draw(st.none() | st.floats(0, 100)), budget_left=draw(st.none() | st.floats(-1000, 1000)),
        month_left=draw(st.floats(0, 2_592_000)), largest=draw(st.booleans()),
        room=draw(st.none() | st.integers(0, 100)),
    )  # fmt: skip


@st.composite
def memories(draw: st.DrawFn) -> AutoscalerState:
    """As some checks of any demand leave it, the last one interval before the situations' own time."""
    demand = draw(st.lists(st.none() | st.floats(0, 500), max_size=30))
    _, memory = play(demand, now=monday - 15.0 * len(demand))
    return memory


@settings(max_examples=200, deadline=None)
@given(policies, situations(), memories())
def test_the_count_is_within_the_bounds(policy: Policy, inputs: ScalingInput, memory: AutoscalerState) -> None:
    decision, _ = decide(policy, inputs, memory)
    stopped = any("stopped" in step.reason for step in decision.steps)
    room = inputs.maximum if inputs.room is None else inputs.room
    assert decision.replicas <= min(inputs.maximum, max(room, 0))
    assert stopped or decision.replicas >= min(inputs.minimum, room)
    assert decision.steps[-1].replicas == decision.replicas
    assert decision.before == inputs.wanted


@settings(max_examples=200, deadline=None)
@given(policies, situations(), memories())
def test_nothing_is_taken_away_while_metrics_are_missing(
    policy: Policy, inputs: ScalingInput, memory: AutoscalerState
) -> None:
    unsure = replace(inputs, measured=replace(inputs.measured, status="absent"), budget_left=None, room=None)
    decision, _ = decide(policy, unsure, memory)
    assert decision.replicas == max(unsure.minimum, min(unsure.wanted, unsure.maximum))
    partly = replace(unsure, measured=replace(inputs.measured, status="partial"))
    assert decide(policy, partly, memory)[0].replicas >= min(partly.wanted, partly.maximum)


@settings(max_examples=300, deadline=None)
@given(policies, situations(amounts), memories(), st.floats(0, 1e5), st.floats(0, 1e5))
def test_more_demand_is_never_fewer_replicas(
    policy: Policy, inputs: ScalingInput, memory: AutoscalerState, rate_more: float, in_flight_more: float
) -> None:
    seen = inputs.measured
    assert seen.in_flight is not None
    assert seen.requests_per_second is not None
    busier = replace(
        seen,
        requests_per_second=seen.requests_per_second + rate_more,
        in_flight=seen.in_flight + in_flight_more,
    )
    less, _ = decide(policy, inputs, memory)
    more, _ = decide(policy, replace(inputs, measured=busier), memory)
    assert more.replicas >= less.replicas, (less.reason, more.reason)


@settings(max_examples=200, deadline=None)
@given(policies, situations(), memories())
def test_deciding_again_changes_nothing(policy: Policy, inputs: ScalingInput, memory: AutoscalerState) -> None:
    decision, after = decide(policy, inputs, memory)
    assert decide(policy, inputs, memory) == (decision, after)
    at_rest = replace(inputs, wanted=decision.replicas, budget_left=None)
    if policy.step is None and inputs.budget_left is None:
        assert not decide(replace(policy, cpu=None), at_rest, memory)[0].changes or policy.cpu is not None


@settings(max_examples=100, deadline=None)
@given(policies, situations(), memories())
def test_what_is_kept_is_read_back_equal_and_small(
    policy: Policy, inputs: ScalingInput, memory: AutoscalerState
) -> None:
    finite = replace(inputs, measured=replace(inputs.measured, latency=None, cpu=None, queue=None))
    finite = replace(finite, measured=replace(finite.measured, requests_per_second=3.0, in_flight=4.5))
    decision, after = decide(policy, finite, memory)
    assert Decision.from_data(json.loads(json.dumps(decision.as_data()))) == decision
    text = json.dumps(after.as_data())
    assert AutoscalerState.from_data(json.loads(text)) == after
    assert len(text) < 4096


def test_the_longest_memory_is_below_four_kilobytes() -> None:
    policy = Policy(window=3600.0)
    _, memory = play(lambda check: 9000 / (1 + check / 7.0), 400, policy=policy, start_seconds=600.0, wanted=1000)
    assert len(json.dumps(memory.as_data())) < 4096


@pytest.mark.parametrize("data", [None, {}, {"version": 0, "busy": 5}, {"recommendations": [[1, 2]]}])
def test_a_memory_of_another_version_is_forgotten(data: dict[str, object] | None) -> None:
    assert AutoscalerState.from_data(data) == AutoscalerState()


def test_keys_of_a_later_version_are_left_out() -> None:
    _, memory = play([5.0, 6.0, 7.0])
    data = memory.as_data()
    assert AutoscalerState.from_data(data | {"later": 1, "forecasts": data["forecasts"] | {"later": 2}}) == memory
    decided, _ = play([5.0])
    assert Decision.from_data(decided[0].as_data() | {"later": 1}) == decided[0]
