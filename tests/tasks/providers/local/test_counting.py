"""What the proxy counts, against what was really asked."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tasks.providers.local import LocalProvider
from tasks.providers.seam.traffic import Traffic
from tests.support.waiting import wait_until
from tests.tasks.providers.local.world import get, made, pid, proxy, replica, route, stack
from tests.tasks.providers.looks import counts_of

pytestmark = [pytest.mark.local, pytest.mark.proof]


def test_it_counts_what_was_asked(provider: LocalProvider) -> None:
    port = made(provider, proxy()).outputs["port"]
    fleet = [made(provider, replica(slot)) for slot in range(2)]
    other = made(provider, replica(0, "api"))
    made(provider, route(*fleet))
    made(provider, route(other, service="api", path="/api"))
    wait_until(lambda: get(port)[0] == get(port, "/api")[0] == 200, "both are served")
    before = wait_until(lambda: counts_of(provider, stack), "the proxy says what it counted")
    assert set(before) == {"web", "api"}
    for _ in range(20):
        get(port)
    after = wait_until(lambda: counts_of(provider, stack), "the proxy says what it counted")
    assert after["web"].requests - before["web"].requests == 20
    assert after["api"].requests == before["api"].requests
    assert after["web"].errors == after["web"].in_flight == 0
    replicas = after["web"].replicas
    assert set(replicas) == {replica_instance.outputs["endpoint"] for replica_instance in fleet}
    assert all(
        replica_instance.healthy and not replica_instance.errors and replica_instance.requests
        for replica_instance in replicas.values()
    )
    assert sum(replica_instance.requests for replica_instance in replicas.values()) == after["web"].requests


def test_what_takes_long_is_in_flight_and_then_answered(provider: LocalProvider) -> None:
    port = served(provider)
    with asking(port, "/slow?4", 3):
        wait_until(lambda: web(provider).in_flight == 3, "three are in flight")
        assert sum(replica_instance.in_flight for replica_instance in web(provider).replicas.values()) == 3
    seen = wait_until(
        lambda: one if (one := web(provider)).latencies.get(5.0, 0) >= 3 + 1 else None, "their time is known"
    )
    assert seen.seconds == pytest.approx(12, rel=0.15)
    assert seen.latencies[3.0] == seen.answered - 3
    assert list(seen.latencies) == sorted(seen.latencies)
    assert seen.in_flight == 0
    assert seen.running > 0


def test_what_fails_is_counted_whoever_answers(provider: LocalProvider, open_folder: Path) -> None:
    sick = open_folder / "sick"
    port = served(provider, SICK=str(sick))
    (instance,) = [instance for instance in provider.observe(stack) if instance.kind == "replica"]
    before = web(provider)
    sick.touch()
    codes = [get(port, "/healthz")[0] for _ in range(5)]
    provider.stop(instance, "the test ends it")
    codes += [get(port)[0] for _ in range(5)]
    assert codes == [503] * 10, "by the replica, and then by the proxy alone"
    after = web(provider)
    assert (after.requests - before.requests, after.errors - before.errors) == (10, 10)


def test_without_a_replica_they_arrive_all_the_same(provider: LocalProvider) -> None:
    port = made(provider, proxy()).outputs["port"]
    provider.create(route())
    wait_until(lambda: get(port)[0] == 503, "it is routed to nobody")
    before = web(provider)
    for _ in range(10):
        get(port)
    after = web(provider)
    assert (after.requests - before.requests, after.errors - before.errors, dict(after.replicas)) == (10, 10, {})


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_each_request_to_a_dead_replica_is_counted_once_however_often_it_is_tried(
    provider: LocalProvider, home: Path, method: str
) -> None:
    port = made(provider, proxy()).outputs["port"]
    instance = made(provider, replica(0))
    made(provider, route(instance))
    wait_until(lambda: get(port)[0] == 200, "it is served")
    before, asked, codes = web(provider).requests, 0, list[int]()

    def ask() -> int:
        nonlocal asked
        codes.append(get(port, method=method)[0])
        asked += 1
        assert web(provider).requests - before == asked
        return codes[-1]

    for _ in range(6):  # it is started again at once the first time, and ever later
        if 503 in codes:
            break
        os.kill(pid(home, instance), signal.SIGKILL)
        for _ in range(5):
            ask()
        wait_until(lambda: ask() == 200, "it is served again")
    assert {200, 503} == set(codes), "dead ones were met"
    with asking(port, "/slow?5", 8):
        wait_until(lambda: web(provider).in_flight == 8, "eight are in flight")
        os.kill(pid(home, instance), signal.SIGKILL)
    assert web(provider).requests - before == asked + 8


def test_without_a_proxy_nothing_is_counted(provider: LocalProvider) -> None:
    assert counts_of(provider, "nobody") == {}
    made(provider, replica(0))
    assert counts_of(provider, stack) == {}


def test_a_new_proxy_begins_anew(provider: LocalProvider) -> None:
    port = served(provider)
    for _ in range(30):
        get(port)
    wait_until(lambda: web(provider).running >= 5, "its clock moves")
    before = web(provider)
    old = next(instance for instance in provider.observe(stack) if instance.kind == "proxy")
    provider.destroy(old)
    assert counts_of(provider, stack) == {}
    made(provider, proxy())
    after = wait_until(lambda: counts_of(provider, stack).get("web"), "it counts again")
    assert after.requests < before.requests
    assert after.running < before.running


def served(provider: LocalProvider, **env: str) -> str:
    """The port of a proxy with a service of one replica behind it."""
    port = made(provider, proxy()).outputs["port"]
    made(provider, route(made(provider, replica(0, env=env))))
    wait_until(lambda: get(port)[0] == 200, "it is served")
    return port


def web(provider: LocalProvider) -> Traffic:
    return wait_until(lambda: counts_of(provider, stack).get("web"), "the proxy says what it counted")


@contextmanager
def asking(port: str, path: str, count: int) -> Iterator[None]:
    """That many requests under way in the block, waited for at its end."""
    threads = [threading.Thread(target=get, args=(port, path)) for _ in range(count)]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()
