"""The HPA that is played beside is the one that policies are judged by, and prices follow from it."""

import random
from typing import Any

import pytest

from benchmarks.replay.peers import hpa
from benchmarks.replay.rules import Trace, play
from infra_specs.scaling.accounts import Accounts, Sums
from infra_specs.scaling.policy import Policy, Preference
from infra_specs.scaling.prices import prices_of
from infra_specs.scaling.shadow import Shadow, followed

pytestmark = pytest.mark.pure


@pytest.mark.parametrize("seed", range(4))
def test_it_has_the_counts_of_the_hpa(seed: int) -> None:
    source = random.Random(seed)
    rates, level = [], 20.0
    for _ in range(2000):
        level = max(1.0, level * source.choice([0.5, 0.95, 1.0, 1.0, 1.05, 2.0]) if level < 400 else 20.0)
        rates.append(source.uniform(0, 2 * level))
    judged = hpa(1.0)
    shadow, readies = Shadow((max(1, -int(-rates[0] // 0.7)),)), []
    for step, rate in enumerate(rates):
        readies.append(shadow.ready)
        expected = judged(step, shadow.counts[-1], rate)
        shadow = followed(shadow, rate, 15.0 * step, utilisation=0.7, lead=2, bounds=(1, 10_000))
        assert shadow.counts[-1] == expected
    assert tuple(readies) == play(hpa(1.0), Trace("made up", tuple(rates), 1.0)).ready


def test_it_keeps_the_bounds_and_starts_as_slowly_as_we_do() -> None:
    shadow = Shadow((2,))
    for check in range(4):
        shadow = followed(shadow, 70.0, 15.0 * check, utilisation=0.7, lead=5, bounds=(2, 9))
    assert shadow.counts == (2, 6, 9, 9, 9)
    assert shadow.ready == 2


PREFERENCES: tuple[Preference, ...] = ("cheap", "balanced", "quick")
CASES: list[tuple[dict[str, Any], dict[str, Any], str, int]] = [
    ({"slow": 4e4}, {"slow": 2.5e4}, "slow", 1),
    ({"slow": 2e4}, {"slow": 2.5e4}, "slow", -1),
    ({"slow": 3.6e4}, {"slow": 4e4}, "slow", -1),
    ({"hot": 900.0}, {"hot": 300.0}, "hot", 1),
    ({"hot": 100.0}, {"hot": 300.0}, "hot", -1),
    ({"hot": 1.0}, {}, "hot", -1),
    ({"lost": 90.0}, {"lost": 30.0}, "lost", 1),
    ({"lost": 1.0}, {"lost": 30.0}, "lost", -1),
    ({"changes": 900.0}, {"changes": 300.0}, "change", 1),
    ({"changes": 100.0}, {"changes": 300.0}, "change", -1),
]


@pytest.mark.parametrize(("ours", "theirs", "price", "way"), CASES)
def test_dearer_where_we_are_worse_and_cheaper_where_we_are_better(
    ours: dict[str, float], theirs: dict[str, float], price: str, way: int
) -> None:
    """Of 10 000 checks with one replica's worth of demand. Nobody must answer quicker than the utilisation promises."""
    first = prices_of(Policy(), Accounts(), 4)
    later = prices_of(Policy(), Accounts(1e4, 1e4, Sums(**ours), Sums(**theirs)), 4)
    assert (getattr(later, price) - getattr(first, price)) * way > 0


def test_who_prefers_quick_pays_more_for_heat() -> None:
    cheap, balanced, quick = (prices_of(Policy(prefer=prefer), Accounts(), 4) for prefer in PREFERENCES)
    assert cheap.slow < balanced.slow < quick.slow
    assert cheap.hot < balanced.hot < quick.hot
    assert cheap.lost < balanced.lost < quick.lost
