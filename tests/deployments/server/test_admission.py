"""Which requests come in, by the name that they ask for, the page that sent them and the type of their body."""

import pytest

from deployments.server.admission import Request, is_open, is_ours, is_same, refusal

pytestmark = pytest.mark.pure

HOST = ("host", "127.0.0.1:4200")
JSON = ("content-type", "application/json")
BODY = ("content-length", "12")


def request(method: str, path: str, *headers: tuple[str, str]) -> Request:
    return Request(method, path, headers)


@pytest.mark.parametrize(
    ("host", "ours"),
    [
        ("127.0.0.1", True), ("127.0.0.1:4200", True), ("127.0.0.1:9", True), ("localhost:4200", True),
        ("LOCALHOST:4200", True), ("[::1]", True), ("[::1]:4200", True), ("tenfold.example.com", True),
        ("Tenfold.Example.com:443", True),
        ("evil.example", False), ("evil.example:4200", False), ("127.0.0.1.evil.example", False),
        ("localhost.evil.example:4200", False), ("127.0.0.2:4200", False), ("0.0.0.0:4200", False), ("", False),
        ("::1", False), ("[::1]x", False), ("127.0.0.1:", False), ("127.0.0.1:80:80", False),
        ("127.0.0.1:4200/", False),
        ("localhost.", False), ("user@localhost", False), ("sub.tenfold.example.com", False), ("2130706433", False),
    ],
)  # fmt: skip
def test_ours_are_loopbacks_names_on_any_port_and_what_the_settings_name(host: str, ours: bool) -> None:
    assert is_ours(host, {"tenfold.example.com"}) is ours
    refused = refusal(request("GET", "/api/flows", ("host", host)), {"tenfold.example.com"})
    assert (refused is None) is ours
    assert refused is None or refused.status == 403


def test_a_request_asks_for_one_name() -> None:
    assert refusal(request("GET", "/"), ()) is not None
    assert refusal(request("GET", "/", HOST, HOST), ()) is not None


@pytest.mark.parametrize(
    ("origin", "host", "same"),
    [
        ("http://127.0.0.1:4200", "127.0.0.1:4200", True), ("http://localhost:9999", "localhost:9999", True),
        ("https://tenfold.example.com", "tenfold.example.com", True), ("http://[::1]:4200", "[::1]:4200", True),
        ("HTTP://LocalHost:4200", "localhost:4200", True),
        ("http://127.0.0.1:20001", "127.0.0.1:4200", False), ("http://localhost:4200", "127.0.0.1:4200", False),
        ("http://evil.example", "127.0.0.1:4200", False), ("null", "127.0.0.1:4200", False),
        ("", "127.0.0.1:4200", False), ("file://", "127.0.0.1:4200", False),
        ("127.0.0.1:4200", "127.0.0.1:4200", False), ("ftp://127.0.0.1:4200", "127.0.0.1:4200", False),
        ("http://127.0.0.1:4200.evil.example", "127.0.0.1:4200", False),
    ],
)  # fmt: skip
def test_only_a_page_of_ours_may_ask(origin: str, host: str, same: bool) -> None:
    assert is_same(origin, host) is same
    refused = refusal(request("GET", "/api/flows", ("host", host), ("origin", origin)), {"tenfold.example.com"})
    assert (refused is None) is same


def test_two_origins_are_none() -> None:
    origin = ("origin", "http://127.0.0.1:4200")
    assert refusal(request("GET", "/", HOST, origin), ()) is None
    assert refusal(request("GET", "/", HOST, origin, origin), ()) is not None


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ((JSON, BODY), None), ((("content-type", "Application/JSON; charset=utf-8"), BODY), None),
        ((), None), ((("content-length", "0"),), None), ((("content-type", "text/plain"),), None),
        ((BODY,), 415), ((("content-type", "text/plain"), BODY), 415), ((("content-type", ""), BODY), 415),
        ((("content-type", "application/x-www-form-urlencoded"), BODY), 415),
        ((("content-type", "multipart/form-data; boundary=application/json"), BODY), 415),
        ((("content-type", "text/plain; application/json"), BODY), 415), ((JSON, JSON, BODY), 415),
        ((("content-type", "application/json-patch+json"), BODY), 415), ((("transfer-encoding", "chunked"),), 415),
        ((JSON, ("transfer-encoding", "chunked")), None), ((("content-length", "0"), BODY), 415),
    ],
)  # fmt: skip
def test_a_change_with_a_body_is_json(method: str, headers: tuple[tuple[str, str], ...], status: int | None) -> None:
    refused = refusal(request(method, "/api/automations/", HOST, *headers), ())
    assert (refused.status if refused else None) == status


@pytest.mark.parametrize(
    ("method", "path", "anybody"),
    [
        ("GET", "/api/health", True), ("GET", "/api/ready", True), ("GET", "/ui-settings", True), ("GET", "/", True),
        ("GET", "/v2/runs", True), ("HEAD", "/v2/assets/index.js", True), ("GET", "/tenfold/login", True),
        ("GET", "/tenfold/proof", True), ("POST", "/tenfold/session", True),
        ("GET", "/api/flows", False), ("GET", "/api", False), ("GET", "/api/", False), ("GET", "//api/flows", False),
        ("GET", "/api/health/x", False), ("POST", "/api/health", False), ("GET", "/docs", False),
        ("GET", "/docs/oauth2-redirect", False), ("GET", "/openapi.json", False), ("GET", "/redoc", False),
        ("GET", "/api/docs", False), ("GET", "/api/openapi.json", False), ("GET", "//openapi.json", False),
        ("POST", "/", False), ("OPTIONS", "/v2/runs", False), ("TRACE", "/", False), ("", "/api/events/out", False),
        ("GET", "/tenfold/codes", False), ("POST", "/tenfold/codes", False), ("GET", "/tenfold/session", False),
        ("GET", "/api/variables/name/health", False), ("GET", "/metrics", False),
    ],
)  # fmt: skip
def test_what_is_open_to_all(method: str, path: str, anybody: bool) -> None:
    assert is_open(request(method, path)) is anybody
