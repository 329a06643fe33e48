"""How many replicas fit into what is free."""

import pytest

from infra_specs.scaling.autoscaler_state import AutoscalerState
from infra_specs.scaling.decide import decide
from infra_specs.scaling.node_capacity import FreeMemory, NodeCapacity, replicas_that_fit
from infra_specs.scaling.policy import Policy
from tests.infra_specs.scaling.game import situation

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
    found = replicas_that_fit(wanted, starting, each, None if free is None else FreeMemory(free * mb, 10_000 * mb))
    assert (found and found.replicas) == replicas


def test_it_says_what_it_was_reckoned_from() -> None:
    assert replicas_that_fit(3, 0, 200 * mb, FreeMemory(6 * gb, 10 * gb)) == NodeCapacity(
        28, "6GB of memory is free and 1GB shall stay so, one replica takes 200MB"
    )
    assert (found := replicas_that_fit(3, 1, 200 * mb, FreeMemory(6 * gb, 10 * gb)))
    assert found.because.endswith("one replica takes 200MB, and 1 still starts")


def test_a_decision_says_which_limit_bit_and_why() -> None:
    now = situation(95.0, room=6, room_because="one replica takes 200MB")
    decision, _ = decide(Policy(), now, AutoscalerState())
    assert decision.replicas == 6
    assert decision.reason.endswith("; the target has room for 6: one replica takes 200MB")


def test_what_is_taken_is_not_free() -> None:
    memory = FreeMemory(5 * gb, 10 * gb)
    assert memory.without(2 * gb) == FreeMemory(3 * gb, 10 * gb)
    assert memory.without(9 * gb) == FreeMemory(0, 10 * gb)
