"""A proxy whose certificates are fetched: it answers an authority, and takes each certificate in as it comes."""

import http.client
import socket
import ssl
from dataclasses import replace
from typing import Any

import pytest

from infra_specs.certificates.certificate import certificates_in, read
from infra_specs.certificates.check import pair
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.local import LocalProvider
from tests.support.certificates import authority
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.world import made, proxy, replica, route
from tests.tasks.providers.secured import served, until_more, watched

pytestmark = [pytest.mark.local, pytest.mark.proof]
ours = authority()
SHOP, BLOG = "shop.example.com", "blog.example.com"
MUTABLE = ("public", "public_port", "tls", "redirect", "certificates", "challenges")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def fetched(ports: tuple[int, int], pems: dict[str, str], **challenges: str) -> Resource:
    plain = proxy()
    settings: dict[str, Any] = {
        **plain.settings,
        "public": True,
        "public_port": ports[0],
        "redirect": ports[1],
        "certificates": pems,
        "challenges": challenges,
    }
    return resolved(replace(plain, mutable=MUTABLE), settings)


def asked(port: int, host: str, path: str = "/") -> tuple[int, str, str]:
    """Status, text and Location of a GET over plain HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers["Location"] or ""
    finally:
        connection.close()


def is_closed(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def serving(provider: LocalProvider, wanted: Resource) -> Instance:
    door = made(provider, wanted)
    for name, host in (("web", SHOP), ("blog", BLOG)):
        made(provider, route(made(provider, replica(service=name)), service=name, host=host, public=True))
    return door


def test_from_plain_http_to_a_certificate_for_each_host(provider: LocalProvider) -> None:
    ports = free_port(), free_port()
    door = serving(provider, fetched(ports, {}))
    assert wait_healthy(provider, door), "though nobody listens on the port of HTTPS"
    wait_until(lambda: asked(ports[1], SHOP)[0] == 200, "plain HTTP serves the app")
    assert asked(ports[1], "192.0.2.1")[0] == 404
    assert is_closed(ports[0])

    door = provider.update(door, fetched(ports, {}, token="token.thumb"))
    for host in (SHOP, BLOG, "192.0.2.1"):
        assert asked(ports[1], host, "/.well-known/acme-challenge/token")[:2] == (200, "token.thumb")
    assert asked(ports[1], SHOP)[0] == 200

    pems = {SHOP: pair(*ours.issue(SHOP))}
    door = provider.update(door, fetched(ports, pems))
    assert served(str(ports[0])) == read(pems[SHOP]).serial
    assert asked(ports[1], SHOP, "/a") == (308, "", f"https://{SHOP}:{ports[0]}/a")
    assert asked(ports[1], BLOG)[0] == 200, "one host waits for no other"

    pems[BLOG] = pair(*ours.issue(BLOG))
    door = provider.update(door, fetched(ports, pems))
    assert serial(ports[0], BLOG) == read(pems[BLOG]).serial
    assert serial(ports[0], SHOP) == read(pems[SHOP]).serial
    with watched(str(ports[0]), ours) as seen:
        for number in range(3):
            pems[SHOP] = pair(*ours.issue(SHOP))
            door = provider.update(door, fetched(ports, pems, token=f"token.{number}"))
            assert serial(ports[0], SHOP) == read(pems[SHOP]).serial, "when it says so, it is so"
            until_more(seen, wait_until)
    assert not seen.failed

    door = provider.update(door, fetched(ports, {SHOP: pems[SHOP]}))
    assert asked(ports[1], BLOG)[0] == 200
    assert (door.incarnation, wait_healthy(provider, door).health.state) == (1, "healthy")


def test_from_a_certificate_of_ones_own_https_serves_at_each_step(provider: LocalProvider) -> None:
    ports, own = (free_port(), free_port()), pair(*ours.issue("*.example.com"))
    before = fetched(ports, {})
    settings = {name: before.settings[name] for name in before.settings.keys() - {"certificates", "challenges"}}
    door = serving(provider, resolved(before, {**settings, "tls": own}))
    assert wait_healthy(provider, door)
    wait_until(lambda: asked(ports[1], SHOP)[0] == 308, "plain HTTP leads to HTTPS")
    pems: dict[str, str] = {}
    door = provider.update(door, resolved(before, {**before.settings, "tls": own}))
    assert [serial(ports[0], host) for host in (SHOP, BLOG)] == [read(own).serial] * 2
    assert [asked(ports[1], host)[0] for host in (SHOP, BLOG)] == [308, 308]
    pems[SHOP] = pair(*ours.issue(SHOP))
    door = provider.update(door, resolved(before, {**before.settings, "certificates": pems, "tls": own}))
    assert [serial(ports[0], host) for host in (SHOP, BLOG)] == [read(pems[SHOP]).serial, read(own).serial]
    assert [asked(ports[1], host)[0] for host in (SHOP, BLOG)] == [308, 308]
    pems[BLOG] = pair(*ours.issue(BLOG))
    door = provider.update(door, fetched(ports, pems))
    assert serial(ports[0], BLOG) == read(pems[BLOG]).serial
    assert door.incarnation == 1


def resolved(plain: Resource, settings: Any) -> Resource:
    return replace(plain, settings=settings, digests={}).resolved(lambda _: "")


def serial(port: int, host: str) -> int:
    """Of the certificate that is shown to who asks for this host."""

    settings = ssl.create_default_context(cadata=ours.pem)
    with (
        socket.create_connection(("127.0.0.1", port), 60) as plain,
        settings.wrap_socket(plain, server_hostname=host) as secure,
    ):
        shown = secure.getpeercert(binary_form=True) or b""
    return certificates_in(ssl.DER_cert_to_PEM_cert(shown))[0].serial_number
