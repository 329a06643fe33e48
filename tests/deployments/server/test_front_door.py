"""Who comes in by the front door, and what a browser is given."""

import json
from typing import Any

import pytest

from deployments.server.login_pages import LONGEST_BODY
from deployments.server.sessions import SESSION_SECONDS, session_text
from tests.deployments.server.door import LOGIN, NOW, URL, Door, basic

pytestmark = pytest.mark.pure
FLOWS = "/api/flows/filter"


@pytest.fixture
def door() -> Door:
    return Door("tenfold.example.com")


@pytest.mark.parametrize(
    "headers",
    [
        {}, basic("tenfold:wrong"), basic(LOGIN.secret), basic(f"browser:{LOGIN.secret}"), basic(""),
        {"Authorization": LOGIN.text}, {"Authorization": f"Bearer {LOGIN.secret}"}, {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"}, {"Authorization": "Basic //79"}, {"Cookie": f"login={LOGIN.text}"},
    ],
)  # fmt: skip
async def test_without_the_login_nothing_comes_in(door: Door, headers: dict[str, str]) -> None:
    answer = await door.ask("POST", FLOWS, json={}, headers=headers)
    assert answer.status_code == 401
    assert answer.json() == {
        "exception_message": "Log in first. A browser: tenfold server open. A program: tenfold token."
    }
    assert "www-authenticate" not in answer.headers  # a browser would ask for it in a window of its own
    assert door.inside.scopes == []


async def test_two_logins_are_none(door: Door) -> None:
    twice = [("Authorization", LOGIN.header), ("Authorization", LOGIN.header)]
    assert (await door.ask("GET", "/api/flows", headers=twice)).status_code == 401


async def test_with_the_login_it_comes_in(door: Door) -> None:
    assert (await door.ask("POST", FLOWS, json={}, headers=basic(LOGIN.text))).status_code == 204
    assert (await door.ask("DELETE", "/api/flows/1", headers=basic(LOGIN.text))).status_code == 204


async def test_a_browsers_session_comes_in_as_the_owner_until_it_expires(door: Door) -> None:
    session = basic(session_text(LOGIN, NOW))
    assert (await door.ask("GET", "/api/flows", headers=session)).status_code == 204
    assert door.inside.headers()["authorization"] == LOGIN.header
    door.now += SESSION_SECONDS
    assert (await door.ask("GET", "/api/flows", headers=session)).status_code == 401


async def test_a_strange_page_is_refused_even_with_the_login(door: Door) -> None:
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}, {"Origin": "http://127.0.0.1:4201"}):
        answer = await door.ask("POST", FLOWS, json={}, headers=basic(LOGIN.text) | headers)
        assert answer.status_code == 403, headers
        assert "access-control-allow-origin" not in answer.headers
    assert (await door.ask("OPTIONS", FLOWS, headers={"Origin": "http://evil.example"})).status_code == 403
    assert door.inside.scopes == []


async def test_the_body_is_refused_before_anybody_reads_it(door: Door) -> None:
    read = False

    async def body() -> Any:
        nonlocal read
        read = True
        yield b"x"

    answer = await door.ask("POST", FLOWS, content=body(), headers=basic(LOGIN.text))
    assert answer.status_code == 415
    assert (read, door.inside.scopes) == (False, [])


async def test_ours_by_another_name(door: Door) -> None:
    mine = {"Host": "tenfold.example.com", "Origin": "https://tenfold.example.com"}
    assert (await door.ask("POST", FLOWS, json={}, headers=basic(LOGIN.text) | mine)).status_code == 204


async def test_every_page_says_that_it_is_shown_in_no_frame_and_asks_nobody_else(door: Door) -> None:
    for path in ("/", "/v2/runs", "/api/health", "/api/flows", "/tenfold/login"):
        rules = (await door.ask("GET", path)).headers.get_list("content-security-policy")
        assert any("frame-ancestors 'none'" in rule and "connect-src 'self'" in rule for rule in rules), path


async def test_a_code_becomes_a_session_once(door: Door) -> None:
    assert (await door.ask("POST", "/tenfold/codes")).status_code == 401
    code = (await door.ask("POST", "/tenfold/codes", headers=basic(LOGIN.text))).json()["code"]
    first = await door.ask("POST", "/tenfold/session", json={"code": code})
    second = await door.ask("POST", "/tenfold/session", json={"code": code})
    assert (first.status_code, second.status_code) == (200, 401)
    assert second.json()["exception_message"].startswith("This address was used before, or is too old.")
    assert LOGIN.secret not in first.text
    assert (await door.ask("GET", "/api/flows", headers=basic(first.json()["login"]))).status_code == 204


async def test_a_session_asks_for_no_other(door: Door) -> None:
    session = basic(session_text(LOGIN, NOW))
    assert (await door.ask("POST", "/tenfold/codes", headers=session)).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"\xff", b'{"code": null}', b"1", b"[" * LONGEST_BODY, b"x" * (LONGEST_BODY + 1)]
)
async def test_a_session_is_given_for_a_code_alone(door: Door, body: bytes) -> None:
    answer = await door.ask("POST", "/tenfold/session", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 401


async def test_a_strange_page_gets_no_session(door: Door) -> None:
    code = (await door.ask("POST", "/tenfold/codes", headers=basic(LOGIN.text))).json()["code"]
    strange = {"Origin": "http://127.0.0.1:20001"}
    assert (await door.ask("POST", "/tenfold/session", json={"code": code}, headers=strange)).status_code == 403
    typeless = await door.ask("POST", "/tenfold/session", content=json.dumps({"code": code}))
    assert typeless.status_code == 415
    assert (await door.ask("POST", "/tenfold/session", json={"code": code}, headers={"Origin": URL})).status_code == 200


def auth(token: object) -> dict[str, Any]:
    return {"type": "websocket.receive", "text": json.dumps({"type": "auth", "token": token})}


@pytest.mark.parametrize(
    ("first", "comes_in"),
    [
        (auth(LOGIN.text), True), (auth(session_text(LOGIN, NOW)), True),
        (auth("tenfold:wrong"), False), (auth(""), False), (auth(None), False), (auth("\ud800"), False),
        (auth(session_text(LOGIN, NOW - 1e6)), False),
        ({"type": "websocket.receive", "text": json.dumps({"type": "filter", "token": LOGIN.text})}, False),
        ({"type": "websocket.receive", "text": "no JSON"}, False), ({"type": "websocket.receive", "text": "[]"}, False),
        ({"type": "websocket.receive", "bytes": b"\xff"}, False),
        ({"type": "websocket.receive", "text": "[" * 10**6}, False),
    ],
)  # fmt: skip
async def test_the_first_message_of_a_websocket_is_the_login(door: Door, first: dict[str, Any], comes_in: bool) -> None:
    more = {"type": "websocket.receive", "text": "more"}
    sent = await door.socket("/api/events/out", first, more)
    if comes_in:
        assert door.inside.messages == [{"type": "websocket.connect"}, auth(LOGIN.text), more]
        return
    assert sent[-1]["type"] == "websocket.close"
    assert sent[-1]["code"] == 1008
    assert door.inside.messages == [{"type": "websocket.connect"}]


async def test_a_strange_websocket_is_never_accepted(door: Door) -> None:
    for headers, protocols in (
        ([(b"origin", b"http://evil.example")], ["prefect"]), ([(b"host", b"evil.example")], ["prefect"]), ([], []),
        ([], ["chat"]),
    ):  # fmt: skip
        sent = await door.socket("/api/events/in", auth(LOGIN.text), headers=headers, protocols=protocols)
        assert [message["type"] for message in sent] == ["websocket.close"]
    assert door.inside.scopes == []
