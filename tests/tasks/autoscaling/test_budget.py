"""What a stack has cost, and who gives back when the month's money is gone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra_specs.pricing.month import Spent
from infra_specs.scaling.measurement import Measurement
from infra_specs.stackfile.reading.load import from_data
from tasks.autoscaling.scaled_stack import ScaledStack
from tasks.ledger import Owner, StackRecord
from tasks.ledger.stacks import Override
from tasks.providers.memory.simulated_load import Load
from tests.tasks.autoscaling.scene import interval, scene, spec


def moment(month: int, day: int) -> float:
    return datetime(2026, month, day, tzinfo=UTC).timestamp()


def test_three_weeks_of_teardown_cost_nothing(tmp_path: Path) -> None:
    with scene(tmp_path, budget=150.0) as shop:
        shop.at = moment(11, 1)
        shop.checks(20)
        before = shop.ledger.costs.this_month()["shop"].usd
        lease = shop.ledger.locks.acquire("shop", Owner.here("teardown"), 1e9)
        shop.ledger.stacks.mark_torn_down(lease)
        shop.ledger.locks.release(lease)
        for day in (24, 25):
            shop.at = moment(11, day)
            shop.checks(1)
        shop.want(spec(budget=150.0))
        shop.checks(21)
        assert shop.ledger.costs.this_month()["shop"].usd < before + 0.02, (
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
        ({"api": (9, {"over_budget": "stop"}), "web": (10, {})}, "web"),
        ({"api": (9, {"over_budget": "stop"}), "web": (2, {})}, "api"),
        ({"api": (2, {"over_budget": "stop"}), "web": (2, {})}, "api"),
        ({"api": (2, {}), "web": (2, {"over_budget": "stop"})}, "web"),
        ({"api": (0, {"over_budget": "stop"}), "web": (2, {})}, None),
        ({"api": (0, {"over_budget": "stop"}), "web": (2, {"over_budget": "stop"})}, "web"),
        ({"api": (2, {}), "web": (2, {"over_budget": "stop", "mode": "advise"})}, None),
    ],
)
def test_who_may_give_something_back_does(services: dict[str, tuple[int, dict[str, Any]]], turn: str | None) -> None:
    assert gives_back(services) == turn


def gives_back(services: dict[str, tuple[int, dict[str, Any]]]) -> str | None:
    """Whose turn it is, of services with so many replicas, of 2 at least, scaled so."""
    stack = from_data(spec(services={name: service(name, 2, **scaling) for name, (_, scaling) in services.items()}))
    asked = {name: Override(count, "", 0.0) for name, (count, _) in services.items()}
    known = StackRecord("shop", stack.model_dump(mode="json", by_alias=True), "/", "memory", True, 0.0, asked)
    subject, nothing = ScaledStack.of(known), Measurement(0.0, 0.0, status="absent")
    turns = [name for name in services if subject.scaling_input(name, nothing, now=0.0, interval=interval).largest]
    assert len(turns) < 2
    return turns[0] if turns else None


def test_with_the_money_gone_it_shrinks_then_stops_and_begins_again_with_the_month(tmp_path: Path) -> None:
    services = {"api": service("api", 2), "web": service("web", 1, over_budget="stop")}
    with scene(tmp_path, services=services, budget=72 * 6) as shop:
        shop.at = moment(11, 10)
        for name in services:
            shop.world.set_load("shop", name, Load(requests_per_second=150, latency=0.2))
        shop.checks(8)
        grown = shop.replicas("api"), shop.replicas("web")
        assert grown > (2, 1)
        shop.ledger.costs.record(shop.lease, {"shop": Spent("2026-11", 72 * 6, shop.at)})
        seen = []
        for _ in range(8):
            shop.checks(1)
            seen.append((shop.replicas("api"), shop.replicas("web")))
        assert (2, 1) in seen, "first both to their minimum"
        assert seen[-1] == (2, 0), "then the one that may be stopped"
        shop.at = moment(11, 29)
        assert {check.replicas for check in shop.checks(8)} == {0}
        shop.at = moment(12, 1)
        shop.checks(4)
        assert shop.replicas("web") >= 1


def test_a_higher_budget_begins_what_was_stopped_again(tmp_path: Path) -> None:
    stops = {"replicas": {"min": 2, "max": 20}, "scaling": {"over_budget": "stop"}}
    with scene(tmp_path, budget=150.0, web=dict(stops)) as shop:
        shop.at = moment(11, 10)
        shop.ledger.costs.record(shop.lease, {"shop": Spent("2026-11", 150.0, shop.at)})
        shop.checks(2)
        assert shop.count == 0
        shop.want(spec(budget=160.0, web=dict(stops)))
        shop.checks(2)
        assert shop.count == 0, "ten dollars are not enough for the rest of the month"
        shop.want(spec(budget=400.0, web=dict(stops)))
        assert shop.count == 0
        shop.checks(2)
        assert shop.count >= 2
