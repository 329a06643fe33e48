"""How a route stands, from what its proxy says; which records a proxy is told."""

from typing import Any

import pytest

from infra_specs.resources.instance import Health
from infra_specs.resources.resource import Resource
from tasks.providers.envoy import route_state
from tasks.providers.envoy.admin_state import AdminState, Upstream
from tasks.providers.envoy.route_state import route_health, with_route, without_route
from tasks.providers.labels import record_of

pytestmark = pytest.mark.pure
well = Health("healthy", "answers", 0.0)
sick = Health("failed", "exited with 1", 0.0)
empty = AdminState({})


def record(service: str = "web", incarnation: int = 1) -> dict[str, Any]:
    settings = {
        "service": service, "host": "*", "path": "/", "public": False, "health": "/", "endpoints": ["10.0.0.2:80"],
    }  # fmt: skip
    return record_of(Resource("shop", f"route/{service}", "route", settings), incarnation, {}) | {"since": 100.0}


@pytest.mark.parametrize(
    ("moment", "proxy", "view", "state", "reason"),
    [
        (1000.0, None, None, "starting", "waits for the proxy"),
        (1000.0, sick, None, "failed", "the proxy failed: exited with 1"),
        (1000.0, well, None, "starting", "the proxy does not know it yet"),
        (101.0, well, empty, "starting", "the proxy does not know it yet"),
        (1000.0, well, empty, "failed", "the proxy does not know it"),
        (1000.0, Health("starting", "boots", 0.0), empty, "starting", "the proxy does not know it yet"),
    ],
)
def test_a_route_that_the_proxy_does_not_know(
    moment: float,
    proxy: Health | None,
    view: AdminState | None,
    state: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(route_state, "now", lambda: moment)
    health = route_health(record(), view, proxy)
    assert (health.state, health.reason) == (state, reason)


@pytest.mark.parametrize(
    ("moment", "running", "state"),
    [
        (1000.0, ["10.0.0.2:80"], "unready"),
        (101.0, ["10.0.0.2:80"], "starting"),
        (1000.0, ["10.0.0.9:80"], "starting"),
        (1000.0, [], "starting"),
    ],
)
def test_a_route_whose_replicas_run_and_do_not_answer(
    moment: float, running: list[str], state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(route_state, "now", lambda: moment)
    silent = AdminState(
        (Upstream("service-web", "10.0.0.2:80", healthy=False, in_flight=1),), frozenset({"service-web"})
    )
    health = route_health(record(), silent, well, running)
    reason = "none of its 1 endpoints is ready, so all get requests"
    assert (health.state, health.reason == reason) == (state, state == "unready")


def test_which_records_a_proxy_is_told() -> None:
    web, old, api = record(), record("api"), record("api", 2)
    assert with_route([web], api) == [api, web]
    assert with_route([old, web], api) == [old, api, web]
    changed = web | {"draining": ["10.0.0.3:80"]}
    assert with_route([api, web], changed) == [api, changed]
    assert without_route([old, api, web], "route/api", 1) == [api, web]
