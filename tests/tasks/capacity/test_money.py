"""What a stack has cost, and who gives back when the month's money is gone."""

from datetime import UTC, datetime
from pathlib import Path

from tasks.ledger import Owner
from tests.tasks.capacity.scene import scene, spec


def moment(month: int, day: int) -> float:
    return datetime(2026, month, day, tzinfo=UTC).timestamp()


def test_three_weeks_of_teardown_cost_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, budget=150.0) as shop:
        shop.at = moment(11, 1)
        shop.checks(20)
        before = shop.ledger.spent()["shop"].usd
        hold = shop.ledger.acquire("shop", Owner.here("teardown"), 1e9)
        shop.ledger.unwant(hold)
        shop.ledger.release(hold)
        for day in (24, 25):
            shop.at = moment(11, day)
            shop.checks(1)
        shop.want(spec(budget=150.0))
        shop.checks(21)
        assert shop.ledger.spent()["shop"].usd < before + 0.02, (
            "five minutes before and five since, at ten cents an hour"
        )
