"""Whole changes of a stack on AWS, as moto has it, that end after a call: another process goes on, to the same end.

Some points of each; all of them: `python -m benchmarks.aws_kills`.
"""

from collections.abc import Callable
from random import Random

import pytest

from tests.support.moto.running import forget
from tests.tasks.providers.aws.conftest import CountedClient, Killed
from tests.tasks.providers.aws.test_stack import World, desired, everything_left, shop

pytestmark = [pytest.mark.local, pytest.mark.proof]

Step = Callable[[World], None]


def provision(world: World) -> None:
    world.reach(desired(shop()))


def release(world: World) -> None:
    world.reach(desired(shop(image="shop:2")))


def teardown(world: World) -> None:
    world.reach((), shelves=True)
    world.provider.sweep("shop")


LIVES: dict[str, tuple[tuple[Step, ...], Step]] = {
    "provision": ((), provision),
    "release": ((provision,), release),
    "teardown": ((provision,), teardown),
    "back from the shelf": ((provision, teardown), provision),
}
"""What is done first, and what is killed."""


def end_of(client: CountedClient) -> tuple[list[str], list[str]]:
    """What is there, by the seam and by the lists of AWS, whichever incarnation it is."""
    world = World(client)
    seen = sorted(f"{instance.address} {instance.fingerprint}" for instance in world.provider.observe("shop"))
    listed = [name.rsplit("-", 1)[0] for name in everything_left(client)]
    shelf = world.provider.shelf
    assert shelf is not None
    kept = [item.address for item in shelf.kept("shop")]
    return seen, sorted([item for item in listed if not item.startswith("vpc")] + kept)


def begin(name: str, server: str) -> World:
    forget(server)
    world = World(CountedClient())
    for step in LIVES[name][0]:
        step(world)
    return world


def whole(name: str, server: str) -> tuple[int, tuple[list[str], list[str]]]:
    """How many calls it makes, and its end."""
    world = begin(name, server)
    world.client.calls.clear()
    LIVES[name][1](world)
    calls = len(world.client.calls)
    world.provider.sweep("shop")
    return calls, end_of(CountedClient())


def killed_at(name: str, point: int, server: str) -> tuple[tuple[list[str], list[str]], str]:
    """The end of one that was killed after this call and gone on with, and the call."""
    begin(name, server)
    client = CountedClient(end_after=point)
    with pytest.raises(Killed):
        LIVES[name][1](World(client))
    after = World(CountedClient())
    LIVES[name][1](after)
    after.provider.sweep("shop")
    return end_of(CountedClient()), client.calls[-1]


@pytest.mark.parametrize("name", ["release", "back from the shelf"])
def test_killed_after_a_call_it_ends_as_it_would_have(endpoint: str, name: str) -> None:
    calls, expected = whole(name, endpoint)
    (point,) = Random(name).sample(range(1, calls + 1), 1)
    end, call = killed_at(name, point, endpoint)
    assert end == expected, f"point {point} of {calls}: {call}"
