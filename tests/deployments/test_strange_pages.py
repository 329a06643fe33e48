"""What a strange web page in the owner's browser can do to the control plane: nothing. In a real Chromium."""

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from deployments.server import control_plane
from deployments.server.control_plane import ControlPlane
from tasks.base.settings import settings
from tests.deployments.installations import Installation
from tests.deployments.plane import Plane
from tests.support.browser import PrefectUi, chromium, needs_chromium, switches

pytestmark = [
    pytest.mark.proof,
    pytest.mark.browser,
    pytest.mark.prefect,
    needs_chromium("no strange page tries anything"),
]
AUTOMATION = json.dumps(
    {
        "name": "made by a page", "enabled": False, "actions": [{"type": "do-nothing"}],
        "trigger": {"type": "event", "expect": ["nothing"], "posture": "Reactive", "threshold": 1, "within": 0},
    }
)  # fmt: skip
TRIES = """
async ([api, body, login]) => {
  const outcome = async (options) => {
    try { return (await fetch(api + "/automations/", {method: "POST", body, ...options})).type; }
    catch (error) { return "blocked"; }
  };
  const logged = {Authorization: "Basic " + login};
  return {
    "no-cors": await outcome({mode: "no-cors"}),
    "no-cors, without a type": await outcome({mode: "no-cors", body: new Blob([body])}),
    "no-cors, as text": await outcome({mode: "no-cors", headers: {"Content-Type": "text/plain"}}),
    "cors": await outcome({headers: {"Content-Type": "application/json"}}),
    "cors, with the login": await outcome({headers: {"Content-Type": "application/json", ...logged}}),
    "beacon": String(navigator.sendBeacon(api + "/automations/", new Blob([body]))),
    "read": await fetch(api + "/health").then(() => "read", () => "blocked"),
    "websocket": await new Promise((resolve) => {
      const socket = new WebSocket(api.replace("http", "ws") + "/events/out", "prefect");
      socket.onopen = () => resolve("open"); socket.onerror = () => resolve("blocked");
    }),
    "its login": String(localStorage.getItem("prefect-password")),
  };
}
"""
NOTHING = {
    "no-cors": "opaque", "no-cors, without a type": "opaque", "no-cors, as text": "opaque", "cors": "blocked",
    "cors, with the login": "blocked", "beacon": "true", "read": "blocked", "websocket": "blocked", "its login": "null",
}  # fmt: skip
"""A page never sees how a blind request went: it is refused, which the owner's list of automations shows."""


@pytest.fixture(scope="module")
def strange_port() -> Iterator[int]:
    """A page of somebody else's, on another port of this machine."""

    class Strange(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>strange</title>")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Strange)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def page(asked: Installation) -> Iterator[Page]:
    """The owner's browser, logged in; every name leads to this machine, as a hostile name server would have it."""
    with sync_playwright() as playwright:
        rules = "--host-resolver-rules=MAP *.example 127.0.0.1"
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*switches, rules])
        page = browser.new_page()
        with asked.entered():
            PrefectUi(page, control_plane.ensure()).log_in()
        yield page
        browser.close()


def test_the_owners_page_is_logged_in(here: ControlPlane, page: Page) -> None:
    PrefectUi(page, here).open(f"{here.ui_url}/v2/deployments")
    page.get_by_role("link", name="provision", exact=True).first.wait_for(timeout=120_000)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "evil.example"])
def test_a_page_of_another_port_or_name_does_nothing(
    here: ControlPlane, page: Page, strange_port: int, name: str
) -> None:
    PrefectUi(page, here).open(f"{here.ui_url}/v2/runs")
    login = page.evaluate("localStorage.getItem('prefect-password')")
    page.goto(f"http://{name}:{strange_port}/")
    outcomes: dict[str, Any] = page.evaluate(TRIES, [here.api_url, AUTOMATION, login])
    assert outcomes == NOTHING
    assert "made by a page" not in [automation["name"] for automation in owner(here).post("/automations/filter")]


def test_a_name_that_was_bent_to_us_gets_nothing(here: ControlPlane, page: Page) -> None:
    """DNS rebinding: the page's own name leads to the control plane by now."""
    answer = page.goto(f"http://evil.example:{here.port}/v2/runs")
    assert answer is not None
    assert answer.status == 403
    assert "This control plane is not called evil.example" in answer.text()


def test_a_form_that_a_page_sends_is_refused(here: ControlPlane, page: Page, strange_port: int) -> None:
    page.goto(f"http://evil.example:{strange_port}/")
    form = f"""() => {{
      document.body.innerHTML = '<form method="post" enctype="text/plain" action="{here.api_url}/automations/">'
        + '<input name="x"></form>';
      document.querySelector("input").name = {json.dumps(AUTOMATION)};
      document.querySelector("form").submit();
    }}"""
    with page.expect_navigation() as navigation:
        page.evaluate(form)
    assert navigation.value is not None
    assert navigation.value.status == 403
    assert "made by a page" not in [automation["name"] for automation in owner(here).post("/automations/filter")]


def test_no_page_shows_ours_in_a_frame(here: ControlPlane, page: Page, strange_port: int) -> None:
    page.goto(f"http://127.0.0.1:{strange_port}/")
    page.evaluate(f"() => {{ document.body.innerHTML = '<iframe src=\"{here.ui_url}/v2/runs\"></iframe>'; }}")
    page.wait_for_timeout(1000)
    assert [frame.url for frame in page.frames[1:]] == ["chrome-error://chromewebdata/"]


def owner(here: ControlPlane) -> Plane:
    return Plane(settings().home, here.api_url)
