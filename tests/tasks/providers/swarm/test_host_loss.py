"""A host of three is lost: what runs moves, data is said to be lost, and the others serve on."""

from urllib.error import URLError
from urllib.request import urlopen

import pytest

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.swarm import SwarmProvider
from tasks.ssh import handshake
from tests.support.hosts.bench import HostBench
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import database, made, replica, route, stack, volume
from tests.tasks.providers.looks import health_of
from tests.tasks.providers.swarm.test_stack import PORT, begun, door_of

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def answers(address: str) -> bool:
    try:
        with urlopen(f"http://{address}:{PORT}/", timeout=10) as answer:
            return bool(answer.status == 200)
    except (URLError, TimeoutError, ConnectionError):
        return False


def test_a_host_is_lost(
    provider: SwarmProvider, all_hosts: HostBench, images: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handshake, "CONNECT_SECONDS", 3.0)
    monkeypatch.setattr(handshake, "BEGIN_SECONDS", 5.0)
    made(provider, door_of(images))
    copies = begun(provider, [replica(images, slot) for slot in range(3)])
    way = made(provider, route(*copies, public=True))
    store = provider.create(volume())
    server = made(provider, database(images, store.outputs["path"]))
    place = provider.place_of(server)
    assert place is not None
    lost = next(host for host in all_hosts.hosts if host.name == place[0])
    others = [host for host in all_hosts.hosts if host is not lost]
    all_hosts.kill(lost)

    def moved() -> bool:
        seen = [provider.look(copy) for copy in copies]
        running = [provider.place_of(copy) for copy in copies]
        is_well = all(copy is not None and copy.health.state == "healthy" for copy in seen)
        return is_well and all(found is not None and found[0] != lost.name for found in running)

    wait_until(moved, "all copies run on the two hosts that are left")
    assert all(answers(host.address) for host in others), "nobody has reconciled yet"
    followed = [seen for copy in copies if (seen := provider.look(copy))]
    way = provider.update(way, route(*followed, public=True))
    wait_until(lambda: health_of(provider, way).reason == "3 of 3 endpoints healthy", "the two others know it")
    data = provider.look(store)
    assert data is not None
    assert (data.health.state, data.stateful) == ("failed", True)
    assert data.health.reason.startswith(f"its data lies on {lost.name}, which is not ready.")
    assert health_of(provider, server).reason == f"it is bound to {lost.name}, which is not ready"
    with pytest.raises(ProviderError, match=f"its data lies on {lost.name}"):
        provider.create(
            Resource(
                stack,
                "database/main",
                "database",
                {**database(images, store.outputs["path"]).settings, "user": "b"},
                singleton=True,
            )
        )
    all_hosts.power_on(lost)
    wait_until(lambda: health_of(provider, store).state == "healthy", "its host is back")
    wait_until(lambda: health_of(provider, server).state == "healthy", "the database is back with its data")
