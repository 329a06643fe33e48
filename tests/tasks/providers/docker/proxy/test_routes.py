"""Routes on an engine: changed under load, while the proxy starts again, and when it comes to its end."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from docker import DockerClient

from infra_specs.errors import TransientError
from tasks.providers.docker import DockerProvider
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.docker.docker_world import crash, get, left, made, proxy, replica, route, stack

pytestmark = [pytest.mark.docker, pytest.mark.proof]


def test_the_proxy_is_back_with_its_routes(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    instance = made(provider, replica(images))
    door = made(provider, proxy(images))
    made(provider, route(instance))
    container = engine.containers.get("tenfold.shop.proxy.main.1")
    crash(container)
    wait_until(lambda: engine.containers.get(container.id).attrs["RestartCount"] > 0, "it was started again")
    wait_healthy(provider, door)
    wait_until(lambda: get(door.outputs["port"])[0] == 200, "it serves again")
    container.remove(force=True)
    assert [instance.address for instance in provider.observe(stack)] == ["replica/web-0", "route/web"]
    again = made(provider, proxy(images))
    wait_until(lambda: get(again.outputs["port"])[0] == 200, "its successor serves")


def test_a_route_that_changes_while_the_proxy_starts_again_is_told_afterwards(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    first, second = made(provider, replica(images, 0)), made(provider, replica(images, 1))
    door = made(provider, proxy(images))
    way = made(provider, route(first))
    refused = 0

    def told() -> bool:
        nonlocal refused
        try:
            provider.update(way, route(second))
        except TransientError:
            refused += 1
            return False
        return True

    container = engine.containers.get("tenfold.shop.proxy.main.1")
    for _ in range(3):
        crash(container)
        wait_until(told, "it was told")
        if refused:
            break
    provider.destroy(first)
    wait_until(lambda: get(door.outputs["port"])[0] == 200, "the second serves")
    assert refused


def test_changes_under_load_lose_nothing(provider: DockerProvider, images: dict[str, str]) -> None:
    first = made(provider, replica(images, 0))
    door = made(provider, proxy(images))
    way = made(provider, route(first))
    wait_until(lambda: get(door.outputs["port"])[0] == 200, "it serves")
    done, seen, failed = threading.Event(), [0], list[str]()

    def load() -> None:
        while not done.is_set():
            try:
                status, _ = get(door.outputs["port"])
            except OSError as error:
                failed.append(str(error))
            else:
                seen[0] += 1
                if status != 200:
                    failed.append(str(status))

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(load)
        try:
            second = made(provider, replica(images, 1))
            provider.update(way, route(first, second))
            way = wait_healthy(provider, way)
            other = made(provider, replica(images, 0, "api"))
            way_of_other = made(provider, route(other, service="api", path="/api"))
            provider.update(way, route(second))
            way = wait_healthy(provider, way)
            wait_until(lambda: provider.in_flight(first) == 0, "drained")
            provider.destroy(first)
            provider.destroy(way_of_other)
            before = seen[0]
            wait_until(lambda: seen[0] > before + 100, "more requests were answered")
        finally:
            done.set()
    assert failed == []


def test_a_proxy_that_comes_to_its_end_holds_up_nobody_who_is_drained(
    provider: DockerProvider, images: dict[str, str]
) -> None:
    """As when a whole stack goes: its replicas are drained while its proxy is stopped."""
    door, instance = made(provider, proxy(images)), made(provider, replica(images))
    made(provider, route(instance))
    with ThreadPoolExecutor(1) as threads:
        going = threads.submit(provider.destroy, door)
        while not going.done():
            assert provider.in_flight(instance) == 0
        going.result()
    assert provider.in_flight(instance) == 0


def test_a_proxy_that_ends_again_and_again_does_not_hold_up_a_teardown(
    provider: DockerProvider, images: dict[str, str], engine: DockerClient
) -> None:
    one, door = made(provider, replica(images)), made(provider, proxy(images))
    way = made(provider, route(one))
    container = engine.containers.get("tenfold.shop.proxy.main.1")
    assert (
        container.exec_run(
            ["sh", "-c", "cd /etc/tenfold && rm -f bootstrap.json && echo no >bootstrap.json"], user="0"
        ).exit_code
        == 0
    )
    crash(container)

    def state() -> bool:
        container.reload()
        return bool(container.status == "restarting" and container.attrs["RestartCount"] > 3)

    wait_until(state, "it ends again and again")
    for instance in (way, door, one):
        provider.destroy(instance)
    provider.sweep(stack)
    assert left(engine) == []
