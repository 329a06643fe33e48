"""What an app is told of its clients: true values of those who are not trusted, and what a trusted proxy says."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest

from infra_specs.resources.instance import Instance
from tasks.providers.local import LocalProvider
from tests.support.waiting import wait_until
from tests.tasks.providers.asking import Headers, claims, named, over_http1, over_http2, own
from tests.tasks.providers.local.world import get, made, opened, replica, route, trusting

pytestmark = [pytest.mark.local, pytest.mark.proof]
TRUSTED = "127.128.0.5"
"""An address of the network that is trusted; 127.0.0.1 is not."""
NETWORK = "127.128.0.0/16"
Ask = Callable[[str, Headers, str], list[list[str]]]
both = pytest.mark.parametrize("ask", [over_http1, over_http2])


@dataclass
class Shop:
    provider: LocalProvider
    door: Instance

    @property
    def port(self) -> str:
        return self.door.outputs["port"]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with opened() as provider:
        door = made(provider, trusting(NETWORK, "10.0.0.0/8", "2001:db8::/32"))
        made(provider, route(made(provider, replica())))
        wait_until(lambda: get(door.outputs["port"])[0] == 200, "it is served")
        yield Shop(provider, door)


@both
def test_nothing_of_what_a_client_claims_reaches_the_app(shop: Shop, ask: Ask) -> None:
    told = ask(shop.port, [*claims, *own], "127.0.0.1")
    assert not re.search(r"203\.0\.113|evil\.example|ZXZpbC5", str(told))
    headers = named(told)
    request_id = headers.pop("x-request-id")
    assert re.fullmatch(r"[0-9a-f-]{36}", request_id[0])
    assert {name: values for name, values in headers.items() if name.startswith(("x-", "forwarded"))} == {
        "x-forwarded-for": ["127.0.0.1"],
        "x-forwarded-proto": ["http"],
        "x-forwarded-host": ["shop.example.com:8080"],
        "x-forwarded-port": [shop.port],
        "x-real-ip": ["127.0.0.1"],
        "x-http-method-override": ["PUT"],
        "x-correlation-id": ["a"],
    }
    assert headers["via"] == ["1.1 b"]


@pytest.mark.parametrize("claim", claims, ids=[f"{name}-{index}" for index, (name, _) in enumerate(claims)])
@both
def test_a_claim_changes_nothing(shop: Shop, ask: Ask, claim: tuple[str, str]) -> None:
    def told(headers: Headers) -> dict[str, list[str]]:
        return {
            name: values
            for name, values in named(ask(shop.port, headers, "127.0.0.1")).items()
            if name != "x-request-id"
        }

    assert told([claim]) == told([])


@both
def test_a_trusted_proxy_is_believed_and_added_to(shop: Shop, ask: Ask) -> None:
    said = [
        ("X-Forwarded-For", "203.0.113.7, 198.51.100.1"),
        ("X-Forwarded-For", "10.1.1.1"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "shop.example.com"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Prefix", "/shop"),
        ("X-Request-Id", "followed"),
        ("CF-Connecting-IP", "198.51.100.1"),
    ]
    headers = named(ask(shop.port, said, TRUSTED))
    assert headers["x-forwarded-for"] == [f"203.0.113.7, 198.51.100.1,10.1.1.1,{TRUSTED}"]
    assert headers["x-real-ip"] == ["198.51.100.1"]
    kept = {name.lower(): [value] for name, value in said[2:]}
    assert {name: headers[name] for name in kept} == kept


@both
def test_of_a_trusted_proxy_too_the_internal_and_the_odd_is_removed(shop: Shop, ask: Ask) -> None:
    said = [
        ("X-Real-IP", "203.0.113.12"),
        ("X-Real-IP", "203.0.113.13"),
        ("X_Forwarded_For", "203.0.113.9"),
        ("Forwarded", "for=203.0.113.15"),
        ("X-Forwarded-Client-Cert", "Hash=203.0.113.1"),
        ("Proxy", "http://203.0.113.1"),
        ("x-envoy-max-retries", "203.0.113.1"),
        ("x-envoy-internal", "true"),
    ]
    headers = named(ask(shop.port, said, TRUSTED))
    assert "203.0.113" not in str(headers)
    assert not [name for name in headers if name.startswith("x-envoy")]
    assert headers["x-real-ip"] == headers["x-forwarded-for"] == [TRUSTED]
    assert headers["x-forwarded-host"] == ["shop.example.com:8080"]
    assert "x-forwarded-port" not in headers, "nobody said at which port the client asked"


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("6.6.6.6, 198.51.100.1", "198.51.100.1"),
        ("6.6.6.6, 198.51.100.1, 10.2.3.4, 127.128.7.7", "198.51.100.1"),
        ("2001:db9::1, 2001:db8::7", "2001:db9::1"),
        ("10.0.0.1, 10.0.0.2", "10.0.0.1"),
        ("no address", TRUSTED),
        ("198.51.100.1, unknown", TRUSTED),
    ],
)
def test_the_client_is_the_last_that_is_not_trusted(shop: Shop, forwarded_for: str, client: str) -> None:
    headers = named(over_http1(shop.port, [("X-Forwarded-For", forwarded_for)], TRUSTED))
    assert headers["x-real-ip"] == [client]


def test_nothing_internal_reaches_a_client_and_nothing_acts(shop: Shop) -> None:
    with httpx.Client(timeout=60) as client:
        for _ in range(20):
            answer = client.get(f"http://127.0.0.1:{shop.port}/internal")
            assert answer.status_code == 200, "it does not take the replica out of traffic"
            assert not [name for name in answer.headers if name.startswith("x-envoy")]
        missing = client.get(f"http://127.0.0.1:{shop.port}/headers", headers={"x-envoy-upstream-rq-timeout-ms": "1"})
    assert missing.status_code == 200


def test_an_answer_of_the_proxy_itself_shows_nothing_internal(provider: LocalProvider) -> None:
    port = made(provider, trusting()).outputs["port"]
    made_route = provider.create(route(service="web"))
    assert made_route
    answer = wait_until(
        lambda: (response := httpx.get(f"http://127.0.0.1:{port}/")).status_code == 503 and response, "it is known"
    )
    assert not [name for name in answer.headers if name.startswith("x-envoy")]
