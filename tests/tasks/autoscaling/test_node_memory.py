"""A target's memory bounds growth, and is asked after only when something would grow."""

from pathlib import Path

import pytest

from infra_specs.advice.rightsizing import Usage
from infra_specs.scaling.node_capacity import FreeMemory
from infra_specs.stackfile.reading.load import from_data
from tasks.autoscaling import node_memory
from tasks.autoscaling.node_memory import NodeMemory
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.ledger import StackRecord
from tests.tasks.autoscaling.scene import Scene, scene, spec

pytestmark = [pytest.mark.local, pytest.mark.proof]

MB = 2**20
ASKS_FOR_MANY = 95.0
three_hundred_free = FreeMemory(400 * MB, 1000 * MB)
"""After the tenth that stays free."""


def decided(shop: Scene) -> str:
    shop.users(ASKS_FOR_MANY)
    shop.checks(4)
    return shop.decisions[-1].reason


def test_growth_ends_where_the_target_has_room_by_the_limit_of_a_replica(tmp_path: Path) -> None:
    with scene(tmp_path, web={"memory": "100MB"}) as shop:
        shop.world.set_free_memory(three_hundred_free)
        shop.users(ASKS_FOR_MANY)
        (first,) = shop.checks(1)
        assert (first.before, first.replicas) == (1, 4)
        assert first.steps[-1].name == "room"
        assert first.reason.endswith(
            "; the target has room for 4: 400MB of memory is free and 100MB shall stay so, one replica takes 100MB"
        )
        shop.world.set_free_memory(FreeMemory(100 * MB, 1000 * MB))
        assert shop.checks(4)[-1].replicas == 4, "it is full, which tells none to go"


def test_without_a_limit_by_what_the_largest_replica_uses(tmp_path: Path) -> None:
    with scene(tmp_path) as shop:
        shop.world.used = {
            "replica/web-0": Usage(150 * MB),
            "replica/web-1": Usage(None),
            "proxy/main": Usage(900 * MB),
        }
        shop.world.set_free_memory(three_hundred_free)
        shop.users(ASKS_FOR_MANY)
        shop.checks(2)
        assert next(decision for decision in shop.decisions if decision.changes).replicas == 3


def test_what_is_not_known_limits_nothing(tmp_path: Path) -> None:
    with scene(tmp_path / "none", web={"memory": "100MB"}) as shop:
        assert "room" not in decided(shop)
        assert shop.count > 9
    with scene(tmp_path / "one") as shop:
        shop.world.set_free_memory(three_hundred_free)
        assert "room" not in decided(shop), "nobody knows what a replica takes"


def test_nobody_is_asked_while_nothing_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with scene(tmp_path, web={"memory": "100MB"}) as shop:
        decided(shop)
        monkeypatch.setattr(node_memory, "opened", None)
        shop.checks(3)
        assert not shop.decisions[-1].changes


def test_what_one_has_claimed_the_next_does_not_find(tmp_path: Path) -> None:
    def stack_of(name: str) -> ScaledStack:
        stack = from_data({**spec(web={"memory": "100MB"}), "name": name})
        return ScaledStack.of(StackRecord(name, stack.model_dump(mode="json", by_alias=True), "/", "memory", True, 0.0))

    with scene(tmp_path) as shop:
        shop.world.set_free_memory(three_hundred_free)
        first, second, made = stack_of("one"), stack_of("two"), NodeMemory()
        usual = shop.checks(1)[0].inputs
        assert made.limit_by_memory(first, usual).room == 4
        made.claim(first, "web", 2)
        assert made.limit_by_memory(second, usual).room == 2
