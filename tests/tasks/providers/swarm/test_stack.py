"""A whole stack on three hosts: released under load, scaled, followed when a task moves, and nothing left of it."""

import socket
import ssl
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from docker.errors import NotFound

from benchmarks.load import load
from infra_specs.catalogue.web import FETCHED_SETTINGS
from infra_specs.certificates.certificate import certificates_in, read
from infra_specs.certificates.check import pair
from infra_specs.plan.make_plan import make_plan
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.hosts.engines import FleetEngines
from tasks.providers.hosts.leaving import hold_back, stacks_on
from tasks.providers.hosts.members import look_at_fleet
from tasks.providers.swarm import SwarmProvider
from tasks.providers.swarm.names import service_name
from tasks.ssh.connections import Connections
from tests.support.certificates import Authority, authority
from tests.support.hosts.bench import HostBench
from tests.support.hosts.joined import FLEET
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.docker.docker_world import (
    cache,
    database,
    made,
    proxy,
    queue,
    replica,
    route,
    stack,
    volume,
)
from tests.tasks.providers.looks import health_of
from tests.tasks.providers.swarm.swarm_world import engines, left

pytestmark = [pytest.mark.docker, pytest.mark.proof]

PORT = 8088


def door_of(images: dict[str, str]) -> Resource:
    """A proxy with a public port on every host."""
    resource = proxy(images, public=True)
    return Resource(stack, resource.address, resource.kind, {**resource.settings, "public_port": PORT}, singleton=True)


def begun(provider: SwarmProvider, resources: Sequence[Resource]) -> list[Instance]:
    """All of them made at once, and well."""
    with ThreadPoolExecutor(8) as threads:
        instances = list(threads.map(provider.create, resources))
        return list(threads.map(lambda instance: wait_healthy(provider, instance), instances))


def served(bench: HostBench, text: str) -> None:
    """Every host answers with it."""
    for host in bench.hosts:
        with urlopen(f"http://{host.address}:{PORT}/", timeout=30) as answer:
            assert answer.read().decode().startswith(text)


def drained(provider: SwarmProvider, instances: Sequence[Instance]) -> None:
    """All of them ended, once they have nothing under way."""

    def end(instance: Instance) -> None:
        wait_until(lambda: provider.in_flight(instance) == 0, f"{instance} has nothing under way")
        provider.destroy(instance)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(end, instances))


def hosts_of(provider: SwarmProvider, copies: Sequence[Instance]) -> list[str]:
    """The hosts that copies run on."""
    running = [provider.place_of(instance) for instance in copies]
    return sorted(place[0] for place in running if place is not None)


def test_releases_and_scaling_lose_no_request(
    provider: SwarmProvider, all_hosts: HostBench, home: Path, images: dict[str, str]
) -> None:
    made(provider, door_of(images))
    copies = begun(provider, [replica(images, slot) for slot in range(3)])
    assert len(set(hosts_of(provider, copies))) == 3, "they are spread"
    way = made(provider, route(*copies, public=True))
    assert way.outputs["url"] == f"http://{all_hosts.hosts[0].address}:{PORT}/"
    served(all_hosts, "release 1")
    urls = [f"http://{host.address}:{PORT}/" for host in all_hosts.hosts]
    with load(urls[0], 50) as first, load(urls[1], 30, new=True) as second:
        for number in (2, 1):
            fresh = begun(
                provider, [replica(images, slot, image=images[f"tenfold-tiny:{number}"]) for slot in range(3)]
            )
            way = provider.update(way, route(*fresh, public=True))
            drained(provider, copies)
            copies = fresh
            served(all_hosts, f"release {number}")
        more = begun(provider, [replica(images, slot) for slot in range(3, 6)])
        assert sorted(map(hosts_of(provider, [*copies, *more]).count, {h.name for h in all_hosts.hosts})) == [
            2,
            2,
            2,
        ]
        way = provider.update(way, route(*copies, *more, public=True))
        way = provider.update(way, route(*copies, public=True))
        drained(provider, more)
        moved_away(provider, all_hosts, home, images, way)
    results = [*first, *second]
    for result in results:
        assert result.failed == 0, str(result)
        assert result.sent > 100, "there was a load"
    assert provider.traffic is not None
    counts = provider.traffic.counts(stack)["web"]
    assert set(counts) == {host.name for host in all_hosts.hosts}
    assert sum(traffic.requests for traffic in counts.values()) >= sum(result.sent for result in results)
    teardown(provider)
    assert left(all_hosts, home) == []


def test_an_authority_may_ask_any_host(provider: SwarmProvider, all_hosts: HostBench, images: dict[str, str]) -> None:
    """Every proxy has the answer when the change has ended, and then the certificate."""
    ours, name, port, plain = authority(), "shop.example.com", 8443, 8080

    def fetched(certificates: dict[str, str], challenges: dict[str, str]) -> Resource:
        door = proxy(images, public=True)
        changed = {"public_port": port, "redirect": plain, "certificates": certificates, "challenges": challenges}
        settings: dict[str, Any] = {**door.settings, **changed}
        return Resource(stack, door.address, door.kind, settings, mutable=FETCHED_SETTINGS, singleton=True)

    door = made(provider, fetched({}, {}))
    made(provider, route(*begun(provider, [replica(images, 0)]), public=True))
    served_plainly = f"http://{{}}:{plain}/"
    for host in all_hosts.hosts:
        wait_until(lambda host=host: _text(served_plainly.format(host.address)), f"{host} serves by plain HTTP")  # type: ignore[misc]
    door = provider.update(door, fetched({}, {"token": "token.thumb"}))
    for host in all_hosts.hosts:
        assert _text(f"http://{host.address}:{plain}/.well-known/acme-challenge/token") == "token.thumb"
    pem = pair(*ours.issue(name))
    provider.update(door, fetched({name: pem}, {}))
    for host in all_hosts.hosts:
        assert _serial(host.address, port, name, ours) == read(pem).serial


def _serial(address: str, port: int, name: str, trusted: Authority) -> int:
    """Of the certificate that a host shows to who asks for this name."""
    settings = ssl.create_default_context(cadata=trusted.pem)
    with (
        socket.create_connection((address, port), 60) as plain,
        settings.wrap_socket(plain, server_hostname=name) as secure,
    ):
        shown = secure.getpeercert(binary_form=True) or b""
    return certificates_in(ssl.DER_cert_to_PEM_cert(shown))[0].serial_number


def _text(url: str) -> str:
    try:
        with urlopen(url, timeout=30) as answer:
            return str(answer.read().decode())
    except (URLError, ConnectionError):
        return ""


def through_ssh(provider: SwarmProvider) -> bytes:
    """What the stack's proxy answers to whoever may log in to its hosts."""
    assert provider.way is not None
    answer = b""
    with closing(provider.way.connect(stack)) as channel:
        channel.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while data := channel.recv(1000):
            answer += data
    return answer


def test_a_killed_task_is_followed(
    provider: SwarmProvider, all_hosts: HostBench, home: Path, images: dict[str, str]
) -> None:
    made(provider, door_of(images))
    copies = begun(provider, [replica(images, slot) for slot in range(2)])
    way = made(provider, route(*copies, public=True))
    assert b"release 1" in through_ssh(provider)
    before = copies[0].outputs["endpoint"]
    host, container = provider.place_of(copies[0]) or ("", "")
    with engines(all_hosts, home) as clients:
        clients.of(host).kill(container)

    def moved() -> bool:
        seen = provider.look(copies[0])
        return seen is not None and seen.health.state == "healthy" and seen.outputs["endpoint"] != before

    wait_until(moved, "another task took its place")
    followed = [seen for copy in copies if (seen := provider.look(copy))]
    way = provider.update(way, route(*followed, public=True))
    wait_until(lambda: health_of(provider, way).reason == "2 of 2 endpoints healthy", "every host knows it")
    served(all_hosts, "release 1")


def test_data_stays_on_its_host(
    provider: SwarmProvider, all_hosts: HostBench, home: Path, images: dict[str, str]
) -> None:
    begun(provider, [replica(images, 0)])  # before there is a proxy to ask it, and it has no shell to ask itself
    store = provider.create(volume())
    other = provider.create(
        Resource(stack, "volume/queue", "volume", {"size": 2**30}, mutable=("size",), stateful=True)
    )
    server, kept, jobs = begun(
        provider,
        [database(images, store.outputs["path"]), cache(images), queue(images, other.outputs["path"])],
    )
    place = provider.place_of(server)
    assert place is not None
    with engines(all_hosts, home) as clients:
        assert clients.of(place[0]).inspect_volume(store.outputs["path"])
        for host in all_hosts.hosts:
            if host.name != place[0]:
                with pytest.raises(NotFound):
                    clients.of(host.name).inspect_volume(store.outputs["path"])
        spec = clients.of(all_hosts.hosts[0].name).inspect_service(service_name(stack, server.address, 1))["Spec"]
    assert spec["TaskTemplate"]["Placement"]["Constraints"], "it is bound to its host"
    assert (server.outputs["host"], kept.outputs["host"], jobs.outputs["port"]) == (
        "database.main",
        "cache.main",
        "6379",
    )
    provider.sweep(stack)
    assert health_of(provider, server).state == "healthy"
    changed = made(provider, database(images, store.outputs["path"], "another secret", 2))
    assert changed.incarnation == 2
    teardown(provider)
    assert left(all_hosts, home) == []


def moved_away(provider: SwarmProvider, bench: HostBench, home: Path, images: dict[str, str], way: Instance) -> None:
    """A host is to leave: its slot gets a successor elsewhere, as a plan says, and the host has nothing left."""
    leaving = bench.hosts[2].name

    def slots() -> list[Instance]:
        return [instance for instance in provider.observe(stack) if instance.kind == "replica"]

    with closing(Connections(bench.hosts, bench.key, home)) as connections:
        fleet = FleetEngines(connections)
        hold_back((leaving,), look_at_fleet(FLEET, fleet), fleet)
        try:
            wanted = [replica(images, slot) for slot in range(3)]
            wait_until(lambda: not make_plan(stack, wanted, slots()).empty, "the provider knows that it leaves")
            created = [change for change in make_plan(stack, wanted, slots()).changes if change.action == "create"]
            assert [change.reason for change in created] == ["its host changed"]
            (going,) = [instance for instance in slots() if instance.address == created[0].address]
            successor = wait_healthy(provider, provider.create(next(r for r in wanted if r.address == going.address)))
            copies = [successor, *(instance for instance in slots() if instance.address != going.address)]
            assert leaving not in hosts_of(provider, copies)
            provider.update(way, route(*copies, public=True))
            drained(provider, [going])
            assert stacks_on((leaving,), look_at_fleet(FLEET, fleet), fleet) == ()
        finally:
            hold_back((), look_at_fleet(FLEET, fleet), fleet)
            fleet.close()


def teardown(provider: SwarmProvider) -> None:
    """Everything, data too, in the order of a plan: what leads to others first."""
    order = ("route", "proxy", "replica", "database", "cache", "queue", "job", "volume")
    for instance in sorted(provider.observe(stack), key=lambda instance: order.index(instance.kind)):
        provider.destroy(instance)
    provider.sweep(stack)
    assert provider.stacks() == ()
