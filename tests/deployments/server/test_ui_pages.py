"""Prefect's pages get a script that keeps their login, and nothing else of what comes in or goes out changes."""

from typing import Any

import httpx
import pytest

from deployments.server.admission import Request
from deployments.server.front_door import FrontDoor
from deployments.server.ui_pages import is_for_page
from tests.deployments.server.door import LOGIN, NOW, URL

pytestmark = pytest.mark.pure
PAGE = b"<!doctype html><html><head><title>Prefect</title></head><body><head></body></html>"
HTML = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"83"), (b"etag", b'"1"')]
AS_A_BROWSER = {"Accept": "text/html,application/xhtml+xml", "Accept-Encoding": "gzip", "If-None-Match": '"1"'}


async def asked(
    path: str, headers: dict[str, str], *, status: int = 200, answer: Any = HTML, body: bytes = PAGE
) -> tuple[httpx.Response, dict[bytes, bytes]]:
    """What a browser gets, and what headers came in."""
    came_in: dict[bytes, bytes] = {}

    async def inside(scope: Any, _receive: Any, send: Any) -> None:
        came_in.update(scope["headers"])
        await send({"type": "http.response.start", "status": status, "headers": list(answer)})
        await send({"type": "http.response.body", "body": body[:20], "more_body": True})
        await send({"type": "http.response.body", "body": body[20:]})

    door = FrontDoor(inside, inside, LOGIN, (), lambda: NOW)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url=URL) as client:
        return await client.get(path, headers=headers), came_in


async def test_a_page_begins_with_the_script_and_its_length_is_right() -> None:
    response, came_in = await asked("/v2/runs", AS_A_BROWSER)
    before, script, after = response.text.partition("</script>")
    assert (script, after) == ("</script>", PAGE.decode().partition("<head>")[2])
    assert before.startswith("<!doctype html><html><head><script>\nconst asked = window.fetch;")
    assert response.headers["content-length"] == str(len(response.content))
    assert "etag" not in response.headers
    assert response.headers["cache-control"] == "no-cache"
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert came_in.keys().isdisjoint({b"accept-encoding", b"if-none-match"})


@pytest.mark.parametrize(
    ("headers", "more"),
    [
        ({"Accept": "*/*"}, {}),
        (AS_A_BROWSER, {"status": 404}),
        (AS_A_BROWSER, {"answer": [(b"content-type", b"image/png")]}),
    ],
    ids=["data", "no page", "a picture"],
)
async def test_anything_else_passes_as_it_is(headers: dict[str, str], more: dict[str, Any]) -> None:
    response, _ = await asked("/v2/x", headers, **({"answer": [(b"content-type", b"text/html")]} | more))
    assert response.content == PAGE


async def test_what_is_no_page_keeps_its_body_and_its_headers() -> None:
    answer = [(b"content-type", b"text/javascript"), (b"etag", b'"1"')]
    response, came_in = await asked("/v2/assets/a.js", {"Accept": "*/*", "Accept-Encoding": "gzip"}, answer=answer)
    assert (response.content, response.headers["etag"]) == (PAGE, '"1"')
    assert came_in[b"accept-encoding"] == b"gzip"


@pytest.mark.parametrize(
    ("method", "accept", "for_page"),
    [
        ("GET", "text/html", True),
        ("GET", "*/*", False),
        ("GET", "application/json, text/html", True),
        ("HEAD", "text/html", False),
    ],
)
def test_a_browser_asks_for_a_page(method: str, accept: str, for_page: bool) -> None:
    assert is_for_page(Request(method, "/v2", (("accept", accept),))) is for_page
    assert not is_for_page(Request("GET", "/v2", ()))
