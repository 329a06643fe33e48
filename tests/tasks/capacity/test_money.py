"""What a stack has cost, and who gives back when the month's money is gone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra_specs.scaling.measured import Measured
from infra_specs.spec.load import from_data
from tasks.capacity.subject import Subject
from tasks.ledger import Owner, Wanted
from tasks.ledger.stacks import Override
from tasks.providers.pretended import Load
from tests.tasks.capacity.scene import interval, scene, spec


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


def service(name: str, least: int, **scaling: Any) -> dict[str, Any]:
    route, replicas = {"path": f"/{name}"}, {"min": least, "max": 20}
    return {"command": "run", "port": 80, "route": route, "replicas": replicas, "scaling": scaling}


def test_advice_does_not_spend_what_others_grow_with(tmp_path: Path) -> None:
    services = {"api": service("api", 1, mode="advise"), "web": service("web", 1)}
    with scene(tmp_path, services=services, budget=72 * 4) as shop:
        shop.at = moment(11, 1) - interval
        for name in services:
            shop.world.set_load("shop", name, Load(requests_per_second=150, latency=0.2))
        shop.checks(8)
        assert shop.replicas("api") == 1, "it is only advised"
        assert shop.replicas("web") == 3, "what one more of the api and two of the web leave of the budget"


@pytest.mark.parametrize(
    ("services", "turn"),
    [
        ({"api": (9, {}), "web": (5, {})}, "api"),
        ({"api": (9, {"mode": "advise"}), "web": (5, {})}, "web"),
        ({"api": (9, {"over_budget": "hold"}), "web": (5, {})}, "web"),
        ({"api": (9, {"over_budget": "hold"}), "web": (5, {"mode": "advise"})}, None),
    ],
)
def test_who_may_give_something_back_does(services: dict[str, tuple[int, dict[str, Any]]], turn: str | None) -> None:
    assert gives_back(services) == turn


def gives_back(services: dict[str, tuple[int, dict[str, Any]]]) -> str | None:
    """Whose turn it is, of services with so many replicas, of 2 at least, scaled so."""
    stack = from_data(spec(services={name: service(name, 2, **scaling) for name, (_, scaling) in services.items()}))
    asked = {name: Override(count, "", 0.0) for name, (count, _) in services.items()}
    known = Wanted("shop", stack.model_dump(mode="json", by_alias=True), "/", "memory", True, 0.0, asked)
    subject, nothing = Subject.of(known), Measured(0.0, 0.0, status="absent")
    turns = [name for name in services if subject.situation(name, nothing, now=0.0, interval=interval).largest]
    assert len(turns) < 2
    return turns[0] if turns else None
