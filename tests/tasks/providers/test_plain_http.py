"""What the listener of plain HTTP does where certificates are fetched: answers first, then HTTPS, or the app."""

from typing import Any

import pytest

from infra_specs.certificates.check import pair
from tasks.providers.envoy import plain_http, tls
from tasks.providers.envoy.files import RouteRule
from tasks.providers.envoy.route_state import route_url
from tests.support.certificates import authority

pytestmark = pytest.mark.pure

SHOP, BLOG = "shop.example.com", "blog.example.com"
RULES = [RouteRule("web", SHOP, "/", True, "/", ()), RouteRule("blog", BLOG, "/", True, "/", ())]


def told(*secured: str, **challenges: str) -> Any:
    settings = {"certificates": dict.fromkeys(secured, "pem"), "challenges": challenges}
    return plain_http.file_of(settings, 443)


def routes_by_host(file: Any) -> dict[str, list[Any]]:
    (config,) = plain_http.routes(file, RULES)["resources"]
    return {host["name"]: host["routes"] for host in config["virtual_hosts"]}


def test_a_host_is_served_until_it_has_a_certificate_and_then_led_to_https() -> None:
    hosts = routes_by_host(told(SHOP))
    assert hosts.keys() == {SHOP, BLOG}, "what nobody asked for is answered with 404"
    (led,) = hosts[SHOP]
    assert led["redirect"] == {
        "https_redirect": True,
        "response_code": "PERMANENT_REDIRECT",
        "port_redirect": 443,
    }
    assert [route["route"]["cluster"] for route in hosts[BLOG] if "route" in route] == ["service-blog"] * 2


def test_what_an_authority_asks_for_comes_first_at_any_host() -> None:
    hosts = routes_by_host(told(SHOP, token="token.thumb"))
    assert hosts.keys() == {SHOP, BLOG, "challenges"}
    for routes in hosts.values():
        assert routes[0]["match"] == {"path": "/.well-known/acme-challenge/token"}
        assert routes[0]["direct_response"] == {"status": 200, "body": {"inline_string": "token.thumb"}}
    assert plain_http.routes(told(), RULES)["version_info"] != plain_http.routes(told(a="b"), RULES)["version_info"]


def test_nothing_leads_to_a_listener_that_is_not_there_yet_or_goes() -> None:
    before, after = told(SHOP), told(BLOG, SHOP)
    assert plain_http.before_listeners(after, before)["secured"] == [SHOP]
    assert plain_http.before_listeners(before, after)["secured"] == [SHOP]
    assert plain_http.before_listeners(after, None)["secured"] == []


def test_from_a_certificate_of_ones_own_its_hosts_stay_led_to_https() -> None:
    own = pair(*authority().issue("*.example.com"))
    before = plain_http.file_of({"certificates": {}, "tls": own}, 443)
    assert ["redirect" in routes[0] for routes in routes_by_host(before).values()] == [True, True]
    assert plain_http.before_listeners(told(BLOG, SHOP), before)["secured"] == [BLOG, SHOP]
    proxy = tls.doors(20000, 443, 80, "192.0.2.1", {"certificates": {}, "tls": own})
    assert proxy["public_url"] == "https://192.0.2.1"
    assert route_url({"host": SHOP, "path": "/", "public": True}, proxy) == f"https://{SHOP}/"
    assert route_url({"host": "shop.other.org", "path": "/", "public": True}, proxy) == "http://shop.other.org/"


@pytest.mark.parametrize("settings", [{}, {"tls": "pem"}])
def test_a_certificate_of_ones_own_needs_none_of_it(settings: Any) -> None:
    assert plain_http.file_of(settings, 443) is None
    assert plain_http.file_of({"certificates": {}}, None) is None


def test_files_of_removed_hosts_are_left_over() -> None:
    before = ["certificate.json", f"certificate-{SHOP}.json", f"certificate-{BLOG}.json", "plain.json", "clusters.json",
              "routes-plain.json", "routes-local.json"]  # fmt: skip
    kept = {f"certificate-{SHOP}.json": {}, "listeners.json": {}}
    assert plain_http.leftovers(before, kept, told(SHOP)) == ["certificate.json", f"certificate-{BLOG}.json"]
    assert plain_http.leftovers(before, {"certificate.json": {}}, None) == [
        f"certificate-{SHOP}.json", f"certificate-{BLOG}.json", "plain.json", "routes-plain.json",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("hosts", "public_port", "http_port", "urls"),
    [
        ((), 443, 80, (f"http://{SHOP}/", f"http://{BLOG}/")),
        ((SHOP,), 443, 80, (f"https://{SHOP}/", f"http://{BLOG}/")),
        ((BLOG, SHOP), 8443, 8080, (f"https://{SHOP}:8443/", f"https://{BLOG}:8443/")),
        ((), 8443, 8080, (f"http://{SHOP}:8080/", f"http://{BLOG}:8080/")),
    ],
)
def test_each_host_is_said_to_be_where_it_answers(
    hosts: tuple[str, ...], public_port: int, http_port: int, urls: tuple[str, str]
) -> None:
    settings = {"certificates": dict.fromkeys(hosts, "pem")}
    proxy = tls.doors(20000, public_port, http_port, "192.0.2.1", settings)
    assert proxy["url"] == "http://127.0.0.1:20000", "no authority signs for loopback"
    for host, url in zip((SHOP, BLOG), urls, strict=True):
        assert route_url({"host": host, "path": "/", "public": True}, proxy) == url
    assert route_url({"host": "*", "path": "/", "public": False}, proxy) == "http://127.0.0.1:20000/"
