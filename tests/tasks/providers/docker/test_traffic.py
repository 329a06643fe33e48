"""What the proxy in its container counts, against what was really asked."""

import pytest

from tasks.providers.docker import DockerProvider
from tasks.providers.seam.traffic import Traffic
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import get, made, proxy, replica, route, stack
from tests.tasks.providers.looks import counts_of

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def test_it_counts_what_was_asked(provider: DockerProvider, images: dict[str, str]) -> None:
    assert counts_of(provider, "nobody") == {}
    door = made(provider, proxy(images))
    fleet = [made(provider, replica(images, slot)) for slot in range(2)]
    made(provider, route(*fleet))
    port = door.outputs["port"]
    wait_until(lambda: get(port)[0] == 200, "it is served")
    before = counted(provider)
    assert list(provider.traffic.counts(stack)["web"]) == ["proxy/main"]
    for _ in range(20):
        get(port)
    assert get(port, "/nothing")[0] == 404
    after = wait_until(
        lambda: one if (one := counted(provider)).answered >= before.requests + 21 else None,
        "the time of all is known",
    )
    assert after.requests - before.requests == 21
    assert after.errors == after.in_flight == 0
    assert after.running > 0
    assert set(after.replicas) == {replica_instance.outputs["endpoint"] for replica_instance in fleet}
    assert all(replica_instance.healthy and replica_instance.requests for replica_instance in after.replicas.values())
    provider.destroy(door)
    assert counts_of(provider, stack) == {}


def counted(provider: DockerProvider) -> Traffic:
    return wait_until(lambda: counts_of(provider, stack).get("web"), "the proxy says what it counted")  # type: ignore[no-any-return]
