"""The calls to Prefect's API, against a fake server."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from deployments.cli.following import prefect_api as asking
from deployments.cli.following.prefect_api import FlowRun, LogLine, PrefectApi
from infra_specs.errors import ServerError

pytestmark = pytest.mark.pure
URL = "http://127.0.0.1:4200/api"


def _api(answer: Callable[[httpx.Request], httpx.Response]) -> PrefectApi:
    return PrefectApi(URL, httpx.MockTransport(answer))


def test_submit_asks_for_a_run_of_the_flows_deployment() -> None:
    requests: list[tuple[str, str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append((request.method, request.url.path, json.loads(request.content or "null")))
        if request.method == "GET":
            return httpx.Response(200, json={"id": "d-1"})
        state = {"type": "SCHEDULED", "name": "Scheduled", "message": None}
        return httpx.Response(201, json={"id": "f-1", "name": "wise-owl", "state": state})

    with _api(answer) as api:
        assert api.submit("scale", {"stack": "shop"}) == FlowRun("f-1", "wise-owl", "SCHEDULED", "Scheduled", "")
    assert len(requests[-1][2].pop("idempotency_key")) == 36
    body = {"parameters": {"stack": "shop"}, "state": {"type": "SCHEDULED"}}
    assert requests == [
        ("GET", "/api/deployments/name/scale/scale", None),
        ("POST", "/api/deployments/d-1/create_flow_run", body),
    ]


def test_logs_are_requests_for_from_a_moment_on() -> None:
    requests: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(json.loads(request.content)["logs"])
        line = {"id": "l", "timestamp": "t", "level": 20, "name": "prefect.flow_runs", "message": "m"}
        return httpx.Response(200, json=[line])

    with _api(answer) as api:
        assert api.logs("f-1", None) == (LogLine("l", "t", 20, "prefect.flow_runs", "m"),)
        api.logs("f-1", "t")
    assert requests == [
        {"flow_run_id": {"any_": ["f-1"]}},
        {"flow_run_id": {"any_": ["f-1"]}, "timestamp": {"after_": "t"}},
    ]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (
            httpx.Response(409, json={"detail": "Validation failed for field 'replicas'"}),
            "409 Validation failed for field",
        ),
        (httpx.Response(500, text="<html>"), "500 Internal Server Error"),
        (httpx.Response(404, json=[]), "404 Not Found"),
    ],
)
def test_a_refused_request_says_why(answer: httpx.Response, error: str) -> None:
    with _api(lambda request: answer) as api, pytest.raises(ServerError, match=error):
        api.run("f-1")


def test_a_busy_server_is_requests_again() -> None:
    answers = [httpx.Response(503), httpx.Response(429), httpx.Response(200, json=[])]
    with _api(lambda request: answers.pop(0)) as api:
        assert api.logs("f-1", None) == ()
    assert answers == []


def test_one_that_stays_busy_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BUSY_SECONDS", 0.0)
    with _api(lambda request: httpx.Response(503)) as api, pytest.raises(ServerError, match="503 Service Unavailable"):
        api.run("f-1")


def test_a_server_that_is_not_there() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    with _api(answer) as api, pytest.raises(ServerError, match="does not answer") as raised:
        api.run("f-1")
    assert str(raised.value) == (
        "The control plane at http://127.0.0.1:4200/api/ does not answer (Connection refused). Look at: "
        "tenfold server status"
    )
