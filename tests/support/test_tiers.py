"""`make test` and `make proof` are all tests, and none is in both; so are the lanes of each."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.lanes import Lane
from tests.support.tiers import chosen, collected, tier_of, tiers

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]


@pytest.fixture
def items(request: pytest.FixtureRequest) -> list[pytest.Item]:
    """All that this run has found: all tests there are, if it was asked for no folder."""
    return request.config.stash[collected]


def nowhere(_tier: str) -> dict[str, float]:
    return {}


def counted(*parts: Sequence[pytest.Item]) -> Counter[str]:
    return Counter(item.nodeid for part in parts for item in part)


def test_every_test_is_in_one_tier(items: list[pytest.Item]) -> None:
    assert counted(*(chosen(items, tier, None) for tier in tiers)) == counted(items)
    assert counted(chosen(items, None, None)) == counted(items)


@pytest.mark.parametrize("tier", tiers)
@pytest.mark.parametrize("total", [1, 2, 3])
def test_every_test_of_a_tier_is_in_one_of_its_lanes(items: list[pytest.Item], tier: str, total: int) -> None:
    lanes = [chosen(items, tier, Lane(number, total), nowhere) for number in range(1, total + 1)]
    assert counted(*lanes) == counted(chosen(items, tier, None))


def test_a_test_that_needs_nothing_is_waited_for(items: list[pytest.Item]) -> None:
    assert [item.nodeid for item in items if tier_of(item) == "proof" and item.get_closest_marker("pure")] == []


def test_the_three_commands_run_both_tiers() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for tier in tiers:
        assert f"scripts/test $(BIN) {tier}\n" in makefile
    commands = [line.split()[:2] for line in (ROOT / ".ci" / "run").read_text().splitlines() if "make" in line]
    assert commands == [["make", "check"], ["make", "test"], ["make", "proof"]]
