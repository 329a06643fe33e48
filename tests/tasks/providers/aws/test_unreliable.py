"""A whole life of a stack on an AWS that refuses calls and loses answers, beyond what the SDK sends again by itself."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any, TypeVar

import pytest

from infra_specs.errors import TransientError
from infra_specs.plan.plan import Change, Plan
from infra_specs.resources.instance import Instance
from tests.tasks.providers.aws.conftest import CountedClient
from tests.tasks.providers.aws.test_stack import World, desired, everything_left, shop

pytestmark = [pytest.mark.local, pytest.mark.proof]

T = TypeVar("T")
PART = 0.01
"""Of all calls: those that are refused, and again those whose answer is lost."""
TRIES = 20


class Unreliable(CountedClient):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self.faults, self.fails = 0, False
        self._random = Random(seed)

    def call(self, service: str, operation: str, /, **parameters: Any) -> Mapping[str, Any]:
        self._perhaps(f"AWS cannot do {operation} now (Throttling)")
        answer = super().call(service, operation, **parameters)
        self._perhaps(f"AWS did not answer: {operation} was cut")
        return answer

    def _perhaps(self, text: str) -> None:
        if self.fails and self._random.random() < PART:
            self.faults += 1
            raise TransientError(text)


class Patient(World):
    """Tries each look and each change again, as the tasks of a flow are."""

    def plan(self, *words: Any, **options: Any) -> Plan:
        return self.again(lambda: World.plan(self, *words, **options))

    def apply(self, change: Change, made: Mapping[str, Instance], *, shelves: bool) -> None:
        self.again(lambda: World.apply(self, change, made, shelves=shelves))

    def again(self, do: Callable[[], T]) -> T:
        client = self.client
        assert isinstance(client, Unreliable)
        for _ in range(TRIES):
            client.fails = True
            try:
                return do()
            except TransientError:
                continue
            finally:
                client.fails = False
        raise AssertionError(f"not done after {TRIES} tries")


def test_it_ends_as_ever_and_nothing_is_there_twice(endpoint: str) -> None:
    client = Unreliable(17)
    world = Patient(client)
    for image in ("shop:1", "shop:2"):
        wanted = desired(shop(image=image))
        world.reach(wanted)
        seen = World(CountedClient()).provider.observe("shop")
        assert sorted(item.fingerprint for item in seen) == sorted(resource.fingerprint for resource in wanted)
        names = [name for name in everything_left(CountedClient()) if name.startswith("vpc")]
        assert len(names) == 1
    world.reach((), shelves=True)
    world.again(lambda: world.provider.sweep("shop"))
    assert everything_left(CountedClient()) == []
    shelf = World(CountedClient()).provider.shelf
    assert shelf is not None
    assert [kept.address for kept in shelf.kept("shop")] == ["database/main"]
    assert client.faults > 0
