"""Which tests a run takes: all, or those of one tier, or one lane of it.

A test is in the tier `proof` if it or its file is marked so, else in the tier `test`, which a contributor waits for. A
pure test is always waited for: it takes no time.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence

import pytest

from tests.support.lanes import FileTime, Lane, lane_of_each
from tests.support.times import known, other_seconds, pure_seconds

tiers = ("test", "proof")
collected = pytest.StashKey[list[pytest.Item]]()
"""All tests that a run found, before it left some out."""


def tier_of(item: pytest.Item) -> str:
    proof = item.get_closest_marker("proof") and not item.get_closest_marker("pure")
    return "proof" if proof else "test"


def in_tier(items: Sequence[pytest.Item], tier: str | None) -> list[pytest.Item]:
    """Those of a tier, or all of them."""
    return [item for item in items if tier is None or tier_of(item) == tier]


def in_lane(items: Sequence[pytest.Item], lane: Lane, seconds: dict[str, float]) -> list[pytest.Item]:
    """Those of one lane, of which each file took so long; what is not known is estimated."""
    by_file: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        by_file[_path(item)].append(item)
    files = [
        FileTime(path, seconds.get(path, sum(map(_estimate, tests))), _shared(tests)) for path, tests in by_file.items()
    ]
    lanes = lane_of_each(files, lane.total)
    return [item for item in items if lanes[_path(item)] == lane.number]


def chosen(
    items: Sequence[pytest.Item], tier: str | None, lane: Lane | None,
    seconds: Callable[[str], dict[str, float]] = known,
) -> list[pytest.Item]:  # fmt: skip
    """What is run, in its order: tests that need the Docker Engine come last, so that others wait for it shortly."""
    taken = in_tier(items, tier)
    if lane is not None:
        taken = in_lane(taken, lane, seconds(tier or "all"))
    return sorted(taken, key=_needs_engine)


def _needs_engine(item: pytest.Item) -> bool:
    return item.get_closest_marker("docker") is not None


def _shared(tests: Sequence[pytest.Item]) -> str:
    """What the tests of several files use one after another, and those of this file too.

    A browser beside containers drops its connections: each container that begins or ends changes the network.
    """
    fixtures = {name for item in tests for name in getattr(item, "fixturenames", ())}
    if any(_needs_engine(item) or item.get_closest_marker("browser") for item in tests) or "asked" in fixtures:
        return "the Docker Engine, the browser and its control plane"
    return "breakable" if "breakable" in fixtures else ""


def _estimate(item: pytest.Item) -> float:
    return pure_seconds if item.get_closest_marker("pure") else other_seconds


def _path(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]
