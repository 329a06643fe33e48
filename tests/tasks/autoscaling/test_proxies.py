"""The same load counted by one proxy and split over three: the same decisions, and never fewer replicas for a gap."""

from pathlib import Path

import pytest

from tests.tasks.autoscaling.scene import Scene, scene

pytestmark = pytest.mark.local

DAY = (8.0, 35.0, 80.0, 80.0, 30.0, 12.0)
"""Requests in flight, for some checks each."""
LONG_ENOUGH = 25


def counts(shop: Scene) -> list[int]:
    """Replicas after each check of the day."""
    decided = []
    for users in DAY:
        shop.users(users)
        decided += [decision.replicas for decision in shop.checks(LONG_ENOUGH)]
    return decided


def test_one_proxy_and_three_decide_the_same(tmp_path: Path) -> None:
    with scene(tmp_path / "one") as shop:
        whole_window = counts(shop)
    with scene(tmp_path / "three", proxies=3) as shop:
        three = counts(shop)
    assert whole_window == three
    assert max(whole_window) > 5 > min(whole_window)


@pytest.mark.parametrize("what", ["gone", "restarted"])
def test_with_one_of_three_gone_or_restarted_there_are_never_fewer(tmp_path: Path, what: str) -> None:
    with scene(tmp_path, proxies=3) as shop:
        shop.users(60.0)
        before = shop.rest()
        shop.world.set_proxy("shop", "proxy/main-1", what)  # type: ignore[arg-type]
        during = [decision.replicas for decision in shop.checks(LONG_ENOUGH)]
        assert min(during) >= before
        shop.world.set_proxy("shop", "proxy/main-1", "back")
        assert min(decision.replicas for decision in shop.checks(LONG_ENOUGH)) >= before
