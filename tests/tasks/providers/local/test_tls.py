"""HTTPS at the local target's proxy."""

import json
import socket
import ssl
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra_specs.certificates.certificate import read
from infra_specs.certificates.check import pair
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource, SecretRef
from tasks.providers.local import LocalProvider
from tests.support.certificates import authority
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.world import get, made, proxy, replica, route, stack
from tests.tasks.providers.secured import fetch, host, plainly, redirected, refuses, served, until_more, watched

pytestmark = [pytest.mark.local, pytest.mark.proof]
ours = authority()


def secured(pem: str, version: int = 1, **changed: Any) -> Resource:
    """The proxy as the road makes it, its certificate a secret."""
    plain = proxy()
    settings = {**plain.settings, "tls": SecretRef("tls-certificate", version), **changed}
    mutable = ("public", "public_port", "tls", "redirect")
    return replace(plain, settings=settings, mutable=mutable, digests={}).resolved(lambda _: pem)


def serving(provider: LocalProvider, wanted: Resource) -> Instance:
    door = made(provider, wanted)
    made(provider, route(made(provider, replica()), public=True))
    return door


def test_it_speaks_https_and_http_2_and_nothing_old(provider: LocalProvider, home: Path) -> None:
    pem = pair(*ours.issue(host, "localhost"))
    door = serving(provider, secured(pem))
    port = door.outputs["port"]
    answer = wait_until(lambda: (response := fetch(port, ours)).status_code == 200 and response, "it serves")
    assert (answer.http_version, answer.text.split()[0]) == ("HTTP/2", "web-0")
    told = dict(fetch(port, ours, "/headers").json())
    assert (told["x-forwarded-proto"], told["x-forwarded-port"]) == ("https", port)
    assert refuses(port, ssl.TLSVersion.TLSv1_1)
    assert not refuses(port, ssl.TLSVersion.TLSv1_2)
    assert door.outputs["url"] == f"https://localhost:{port}"
    assert door.outputs["certificate_names"] == f"{host} localhost"
    assert door.outputs["certificate_until"] == str(int(read(pem).until))
    way = next(instance for instance in provider.observe(stack) if instance.kind == "route")
    assert way.outputs["url"] == f"https://localhost:{port}/"


def test_the_key_is_in_one_file_of_its_own_alone(provider: LocalProvider, home: Path) -> None:
    pem = pair(*ours.issue(host))
    serving(provider, secured(pem))
    secret = pem[pem.index("PRIVATE KEY-----") :].split("\n")[1]
    holding = [path for path in home.rglob("*") if path.is_file() and secret in path.read_text(errors="replace")]
    assert [path.name for path in holding] == ["certificate.json"]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert secret not in json.dumps([str(instance) for instance in provider.observe(stack)])


def test_another_certificate_is_taken_in_without_a_lost_request(provider: LocalProvider) -> None:
    door = serving(provider, secured(pair(*ours.issue(host))))
    port = door.outputs["port"]
    wait_until(lambda: fetch(port, ours).status_code == 200, "it serves")
    with watched(port, ours) as seen:
        for version in range(2, 6):
            pem = pair(*ours.issue(host))
            door = provider.update(door, secured(pem, version))
            assert served(port) == read(pem).serial, "when it says so, it is so"
            until_more(seen, wait_until)
    assert not seen.failed
    assert door.incarnation == 1
    assert door.fingerprint == secured("", 5).fingerprint


def test_what_the_proxy_does_not_take_is_said_and_the_one_before_serves_on(provider: LocalProvider) -> None:
    pem = pair(*ours.issue(host))
    door = serving(provider, secured(pem))
    mixed = pair(ours.issue(host)[0], ours.issue(host)[1])
    with pytest.raises(ProviderError, match="did not take its new certificate in"):
        provider.update(door, secured(mixed, 2))
    assert served(door.outputs["port"]) == read(pem).serial


def test_https_begins_and_ends_in_a_proxy_that_runs(provider: LocalProvider, home: Path) -> None:
    door = serving(provider, proxy())
    port = door.outputs["port"]
    wait_until(lambda: get(port)[0] == 200, "it serves")
    door = provider.update(door, secured(pair(*ours.issue(host))))
    wait_until(lambda: fetch(port, ours).status_code == 200, "it serves over HTTPS")
    assert door.outputs["url"].startswith("https://")
    door = provider.update(door, proxy())
    wait_until(lambda: plainly(get, port), "it serves plainly again")
    assert door.outputs["url"] == f"http://127.0.0.1:{port}"
    assert "certificate_until" not in door.outputs
    assert not list(home.rglob("certificate.json"))
    assert wait_healthy(provider, door)


def test_plain_http_is_led_to_https(provider: LocalProvider) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        plain = probe.getsockname()[1]
    door = serving(provider, secured(pair(*ours.issue(host)), public=True, redirect=plain))
    public = door.outputs["public_url"]
    assert public.startswith(f"https://{host}:")
    assert redirected(str(plain), "/cart?a=1") == (308, f"{public}/cart?a=1")
    wait_until(lambda: fetch(public.rpartition(":")[2], ours).status_code == 200, "the public port serves")
