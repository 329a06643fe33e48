"""A browser stays with its replica, by a cookie, for as long as that replica is there."""

import http.client
import json

import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.envoy.sticky import cookie_of, session
from tasks.providers.local import LocalProvider
from tests.support.waiting import wait_until
from tests.tasks.providers.local.test_real_clients import echoing
from tests.tasks.providers.local.world import get, made, patience, proxy, route

pytestmark = [pytest.mark.local, pytest.mark.proof]


class Browser:
    """Keeps one cookie. `ask` says which replica answered, and which cookie was set."""

    def __init__(self, door: Instance) -> None:
        self._port = int(door.outputs["port"])
        self.cookie = ""

    def ask(self) -> tuple[str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=patience)
        connection.request("GET", "/who", headers={"Cookie": self.cookie} if self.cookie else {})
        answer = connection.getresponse()
        name = json.loads(answer.read())["name"]
        fresh = answer.getheader("Set-Cookie") or ""
        if fresh:
            self.cookie = fresh.partition(";")[0]
        connection.close()
        return name, fresh


def test_a_browser_stays_with_its_replica_until_that_is_gone(provider: LocalProvider) -> None:
    door = made(provider, proxy())
    two = [made(provider, echoing(slot)) for slot in range(2)]
    made(provider, route(*two, sticky=True, secure=False))
    wait_until(lambda: get(door.outputs["port"])[0] == 200, "it is served")
    browser = Browser(door)
    home, fresh = browser.ask()
    assert {word.strip() for word in fresh.split(";")[1:]} == {"Path=/", "SameSite=Lax", "HttpOnly"}
    assert {browser.ask()[0] for _ in range(20)} == {home}
    # More replicas take nobody away.
    more = [*two, made(provider, echoing(2))]
    shown = next(instance for instance in provider.instances("shop") if instance.kind == "route")
    provider.update(shown, route(*more, sticky=True, secure=False))
    assert {browser.ask() for _ in range(20)} == {(home, "")}
    # A new release has another replica in the place of this one.
    rest = [replica_made for replica_made in more if not replica_made.address.endswith(home.removeprefix("web"))]
    assert len(rest) == 2
    provider.update(shown, route(*rest, sticky=True, secure=False))
    after, fresh = browser.ask()
    assert after != home
    assert fresh, "another cookie names the other replica"
    assert {browser.ask() for _ in range(20)} == {(after, "")}


def test_new_browsers_are_spread_and_a_canary_gets_its_share_of_them(provider: LocalProvider) -> None:
    door = made(provider, proxy())
    two = [made(provider, echoing(slot)) for slot in range(2)]
    weights = {two[1].outputs["endpoint"]: 30}
    made(provider, route(*two, sticky=True, secure=False, weights=weights))
    wait_until(lambda: len({Browser(door).ask()[0] for _ in range(10)}) == 2, "both get some")
    names = [Browser(door).ask()[0] for _ in range(200)]
    assert 20 < names.count("web-1") < 100


def test_a_cookie_that_a_client_made_up_leads_nowhere_else(provider: LocalProvider) -> None:
    door = made(provider, proxy())
    made(provider, route(made(provider, echoing()), sticky=True, secure=False))
    other = made(provider, echoing(service="other"))
    made(provider, route(other, service="other", path="/other"))
    wait_until(lambda: get(door.outputs["port"])[0] == 200, "it is served")
    browser = Browser(door)
    browser.ask()
    name, _, own = browser.cookie.partition("=")
    for value in ("", "x", '"%%%"', own[:-3], "CgsxMjcuMC4wLjE6MQ=="):
        browser.cookie = f"{name}={value}"
        assert browser.ask()[0] == "web-0"


def test_a_cookie_has_a_name_of_its_own_and_is_secure_under_tls() -> None:
    names = {cookie_of(stack, service, secure=False).name for stack in ("a", "b") for service in ("web", "api")}
    assert len(names) == 4
    (settings,) = session(cookie_of("shop", "web", secure=True)).values()
    cookie = settings["stateful_session"]["session_state"]["typed_config"]["cookie"]
    assert {"name": "Secure"} in cookie["attributes"]
