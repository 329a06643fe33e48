"""HTTPS at the docker target's proxy."""

import json
import ssl
from dataclasses import replace
from typing import Any

import pytest
from docker import DockerClient

from infra_specs.certificates.certificate import read
from infra_specs.certificates.check import pair
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource, SecretRef
from tasks.providers.docker import DockerProvider
from tests.support.certificates import authority
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.docker.docker_world import get, made, proxy, replica, route, stack
from tests.tasks.providers.looks import health_of
from tests.tasks.providers.secured import fetch, host, plainly, redirected, refuses, served, until_more, watched

pytestmark = [pytest.mark.docker, pytest.mark.proof]
ours = authority()


def secured(images: dict[str, str], pem: str, version: int = 1, **changed: Any) -> Resource:
    """The proxy as the road makes it, its certificate a secret."""
    plain = proxy(images)
    settings = {**plain.settings, "tls": SecretRef("tls-certificate", version), **changed}
    return replace(plain, settings=settings, mutable=("tls",), digests={}).resolved(lambda _: pem)


def serving(provider: DockerProvider, images: dict[str, str], wanted: Resource) -> Instance:
    door = made(provider, wanted)
    made(provider, route(made(provider, replica(images)), public=True))
    return door


def test_https_with_a_redirect_and_a_key_that_inspect_does_not_show(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    pem = pair(*ours.issue(host))
    door = serving(provider, images, secured(images, pem, public=True, redirect=30_080))
    port, public = door.outputs["port"], door.outputs["public_url"]
    answer = wait_until(lambda: (response := fetch(port, ours)).status_code == 200 and response, "it serves")
    assert (answer.http_version, answer.text) == ("HTTP/2", "release 1\n")
    assert fetch(public.rpartition(":")[2], ours).status_code == 200
    assert redirected("30080", "/cart") == (308, f"{public}/cart")
    assert refuses(port, ssl.TLSVersion.TLSv1_1)
    assert door.outputs["certificate_names"] == host
    secret = pem[pem.index("PRIVATE KEY-----") :].split("\n")[1]
    held = [each.attrs for each in (*engine.containers.list(all=True), *engine.volumes.list())]
    assert secret not in json.dumps(held)
    container = engine.containers.get("tenfold.shop.proxy.main.1")
    container.kill()
    container.start()
    wait_until(lambda: health_of(provider, door).state == "healthy", "it is back")
    assert served(port) == read(pem).serial


def test_another_certificate_is_taken_in_without_a_lost_request(
    provider: DockerProvider, images: dict[str, str]
) -> None:
    door = serving(provider, images, secured(images, pair(*ours.issue(host))))
    port = door.outputs["port"]
    wait_until(lambda: fetch(port, ours).status_code == 200, "it serves")
    with watched(port, ours) as seen:
        for version in (2, 3):
            pem = pair(*ours.issue(host))
            door = provider.update(door, secured(images, pem, version))
            assert served(port) == read(pem).serial, "when it says so, it is so"
            until_more(seen, wait_until)
    assert not seen.failed
    (again,) = [instance for instance in provider.observe(stack) if instance.kind == "proxy"]
    assert (again.incarnation, again.fingerprint) == (1, secured(images, "", 3).fingerprint)


def test_what_was_noted_of_one_that_somebody_removed_is_not_true_of_its_successor(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    door = made(provider, secured(images, pair(*ours.issue(host))))
    renewed = secured(images, pair(*ours.issue(host)), 2)
    provider.update(door, renewed)
    engine.containers.get("tenfold.shop.proxy.main.1").remove(force=True, v=True)
    again = made(provider, secured(images, pair(*ours.issue(host)), 3))
    assert again.incarnation == 1
    assert again.outputs["port"] == door.outputs["port"]
    assert again.fingerprint == secured(images, "", 3).fingerprint
    assert served(again.outputs["port"])


def test_https_begins_and_ends_in_a_proxy_that_runs(provider: DockerProvider, images: dict[str, str]) -> None:
    door = serving(provider, images, proxy(images))
    port = door.outputs["port"]
    wait_until(lambda: get(port)[0] == 200, "it serves")
    door = provider.update(door, secured(images, pair(*ours.issue(host))))
    wait_until(lambda: fetch(port, ours).status_code == 200, "it serves over HTTPS")
    assert door.outputs["url"] == f"https://127.0.0.1:{port}"
    door = provider.update(door, proxy(images))
    wait_until(lambda: plainly(get, port), "it serves plainly again")
    assert (door.outputs["url"], "certificate_until" in door.outputs) == (f"http://127.0.0.1:{port}", False)
    assert wait_healthy(provider, door)
