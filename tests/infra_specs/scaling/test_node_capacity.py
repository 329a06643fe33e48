"""How many replicas fit into what is free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.node_capacity import FreeMemory, NodeCapacity, after_placing, replicas_that_fit
from infra_specs.scaling.policy import Policy
from tests.infra_specs.scaling.game import inputs

pytestmark = pytest.mark.pure

mb, gb = 2**20, 2**30


@pytest.mark.parametrize(
    ("wanted", "starting", "each", "free", "replicas"),
    [
        (3, 0, 200 * mb, 2000, 8),  # 1000 of 10 000 MB stay free
        (3, 0, 200 * mb, 2199, 8),
        (3, 0, 200 * mb, 2200, 9),
        (3, 0, 200 * mb, 1199, 3),
        (3, 0, 200 * mb, 500, 3),  # less than shall stay free: none goes for that
        (3, 2, 200 * mb, 2000, 6),  # two have not taken theirs yet
        (3, 9, 200 * mb, 2000, 3),
        (0, 0, 900 * mb, 2000, 1),
        (0, 0, 20 * gb, 2000, 0),
        (3, 0, None, 2000, None),
        (3, 0, 0, 2000, None),
        (3, 0, 200 * mb, None, None),
    ],
)
def test_it_is_what_is_wanted_and_what_fits_beside(
    wanted: int, starting: int, each: int | None, free: int | None, replicas: int | None
) -> None:
    machines = {} if free is None else {"": FreeMemory(free * mb, 10_000 * mb)}
    fitting = replicas_that_fit(wanted, starting, each, machines)
    assert (fitting and fitting.replicas) == replicas


def test_it_says_what_it_was_reckoned_from() -> None:
    assert replicas_that_fit(3, 0, 200 * mb, {"": FreeMemory(6 * gb, 10 * gb)}) == NodeCapacity(
        28, "6GB of memory is free and 1GB shall stay so, one replica takes 200MB", 46
    )
    assert (fitting := replicas_that_fit(3, 1, 200 * mb, {"": FreeMemory(6 * gb, 10 * gb)}))
    assert fitting.because.endswith("one replica takes 200MB, and 1 still starts")


def test_a_decision_says_which_limit_bit_and_why() -> None:
    now = inputs(95.0, room=6, room_because="one replica takes 200MB")
    decision, _ = decide(Policy(), now, AutoscalerState())
    assert decision.replicas == 6
    assert decision.reason.endswith("; the target has room for 6: one replica takes 200MB")


def test_what_is_taken_is_not_free() -> None:
    memory = FreeMemory(5 * gb, 10 * gb)
    assert memory.without(2 * gb) == FreeMemory(3 * gb, 10 * gb)
    assert memory.without(9 * gb) == FreeMemory(0, 10 * gb)


@pytest.mark.parametrize(
    ("free", "starting", "each", "replicas"),
    [
        ([2, 2], 0, 1 * gb, 3 + 2),  # 9 GB of each 10 are taken or reserved
        ([3, 3], 0, 2 * gb, 3 + 2),
        ([2, 2], 0, 2 * gb, 3),  # 2 GB are free in all, and on no machine
        ([1, 1, 1, 1], 0, 2 * gb, 3),
        ([9, 0, 0], 0, 2 * gb, 3 + 4),
        ([9, 0, 0], 3, 2 * gb, 3 + 1),
        ([0, 0], 0, 1 * gb, 3),
    ],
)
def test_a_replica_fits_on_one_machine(free: list[int], starting: int, each: int, replicas: int) -> None:
    machines = {str(number): FreeMemory(memory * gb, 10 * gb) for number, memory in enumerate(free)}
    fitting = replicas_that_fit(3, starting, each, machines)
    assert (fitting and fitting.replicas) == replicas


def test_it_says_how_many_machines_there_are() -> None:
    fitting = replicas_that_fit(3, 0, 2 * gb, {"a": FreeMemory(2 * gb, 10 * gb), "b": FreeMemory(2 * gb, 10 * gb)})
    assert fitting == NodeCapacity(
        3, "4GB of memory is free on 2 machines and 2GB shall stay so, one replica takes 2GB of one machine", 4
    )


memories = st.builds(lambda free, used: FreeMemory(free, free + used), st.integers(0, 64 * gb), st.integers(0, 64 * gb))
fleets = st.dictionaries(st.sampled_from("abcde"), memories, min_size=1)


@given(fleets, st.integers(1, 8 * gb), st.integers(0, 50))
def test_what_fits_can_be_placed_and_leaves_the_reserve(fleet: dict[str, FreeMemory], each: int, most: int) -> None:
    fitting = replicas_that_fit(0, 0, each, fleet)
    assert fitting is not None
    count = min(fitting.replicas, most)
    left = after_placing(count, each, fleet)
    assert sum(memory.free for memory in fleet.values()) - sum(memory.free for memory in left.values()) == count * each
    assert all(left[name].spare > 0 or left[name].free >= fleet[name].free - fleet[name].spare for name in fleet)
    rest = replicas_that_fit(0, 0, each, left)
    assert rest is not None
    assert rest.replicas == fitting.replicas - count


@given(fleets, st.integers(1, 8 * gb), memories)
def test_another_machine_never_takes_room_away(fleet: dict[str, FreeMemory], each: int, more: FreeMemory) -> None:
    before, after = replicas_that_fit(2, 1, each, fleet), replicas_that_fit(2, 1, each, {**fleet, "new": more})
    assert before is not None
    assert after is not None
    assert after.replicas >= before.replicas
