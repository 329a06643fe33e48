"""Data that no longer is wanted: kept where it is, put away, or deleted; and always after what uses it."""

import pytest

from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.instance import Health, Instance

pytestmark = pytest.mark.pure

NETWORK = Instance("shop", "network/main", "network", "f", 1, Health("healthy", "", 0.0))
SECRET = Instance("shop", "secret/web-database-url", "secret", "f", 1, NETWORK.health, after=("database/main",))


def database(state: str = "healthy") -> Instance:
    health = Health(state, "", 0.0)  # type: ignore[arg-type]
    return Instance("shop", "database/main", "database", "f", 1, health, after=("network/main",), stateful=True)


@pytest.mark.parametrize("state", ["healthy", "failed", "ending"])
@pytest.mark.parametrize(
    ("shelves", "delete_data", "goes"),
    [(False, False, False), (True, False, True), (True, True, True), (False, True, True)],
)
def test_whether_it_goes(state: str, shelves: bool, delete_data: bool, goes: bool) -> None:
    plan = make_plan("shop", (), (database(state),), shelves=shelves, delete_data=delete_data)
    assert [change.action for change in plan.changes] == ["destroy"] * goes
    assert bool(plan.skipped) is not goes


def test_it_is_put_away_after_what_uses_it_and_before_where_it_stands() -> None:
    plan = make_plan("shop", (), (NETWORK, database(), SECRET), shelves=True)
    assert [[str(change) for change in wave] for wave in plan.waves] == [
        ["- secret/web-database-url (not wanted)"],
        ["- database/main (not wanted, its data is put away)"],
        ["- network/main (not wanted)"],
    ]
