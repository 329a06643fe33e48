"""The proxy: who gets which request, and that no change of routes and no dead replica loses one."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra_specs.errors import ProviderError
from tasks.providers.local import LocalProvider
from tests.support.waiting import wait_healthy, wait_until
from tests.tasks.providers.local.world import get, made, pid, proxy, replica, route, stack
from tests.tasks.providers.looks import health_of

pytestmark = [pytest.mark.local, pytest.mark.proof]

BEGUN = "reset reason: connection termination"


def test_host_and_path_choose_the_service(provider: LocalProvider) -> None:
    door = made(provider, proxy())
    port = door.outputs["port"]
    assert get(port)[0] == 404, "nothing is routed yet"
    instance = made(provider, replica(0, "web"))
    two = made(provider, replica(0, "api"))
    three = made(provider, replica(0, "docs"))
    four = made(provider, replica(0, "any"))
    web = made(provider, route(instance, service="web"))
    assert web.outputs["url"] == door.outputs["url"] + "/"
    made(provider, route(two, service="api", path="/api/"))
    made(provider, route(three, service="docs", host="docs.example.com"))
    made(provider, route(four, service="any", host="*.example.com", path="/shop"))

    def service(path: str, host: str = "") -> str:
        return get(port, path, host)[1].split()[0]

    wait_until(lambda: service("/shop", "a.example.com") == "any-0", "all routes are served")
    assert service("/") == service("/apix") == service("/shop") == "web-0"
    assert service("/api") == service("/api/") == service("/api/v1?a=/x") == service("//api/") == "api-0"
    assert get(port, "/x/../api/")[0] == 400
    assert service("/api", "docs.example.com") == service("/", f"docs.example.com:{port}") == "docs-0"
    assert service("/shop/1", "a.example.com") == "any-0"
    assert service("/", "a.example.com") == "web-0", "what a host does not route, wider rules do"

    provider.destroy(next(instance for instance in provider.observe(stack) if instance.address == "route/api"))
    assert service("/api") == "web-0"


def test_without_a_ready_endpoint_all_get_requests_and_the_route_says_so(
    provider: LocalProvider, open_folder: Path
) -> None:
    port = made(provider, proxy()).outputs["port"]
    sick = open_folder / "sick"
    instance = made(provider, replica(0, env={"SICK": str(sick)}))
    way = made(provider, route(instance))
    wait_until(lambda: get(port)[0] == 200, "it is served")
    sick.touch()
    wait_until(lambda: "none of its 1 endpoints" in health_of(provider, way).reason, "the route says so")
    assert health_of(provider, way).state == "starting"
    assert get(port)[0] == 200, "it may only be busy"
    sick.unlink()
    assert wait_healthy(provider, way)
    provider.stop(instance, "the test ends it")
    wait_until(lambda: get(port)[0] == 503, "nobody is there")


def test_nothing_is_lost_while_routes_change_and_replicas_die(
    provider: LocalProvider, home: Path, tmp_path: Path
) -> None:
    port = made(provider, proxy()).outputs["port"]
    fleet = [made(provider, replica(slot)) for slot in range(3)]
    way = made(provider, route(*fleet))
    wait_until(lambda: get(port)[0] == 200, "it is served")
    with loaded(port, tmp_path) as answers:
        for round_ in range(3):
            way = provider.update(way, route(*fleet[:2]))
            way = provider.update(way, route(*fleet[1:]))
            os.kill(pid(home, fleet[1]), signal.SIGKILL)
            time.sleep(0.5)
            way = provider.update(way, route(*fleet))
            other = made(provider, replica(0, f"new{round_}"))
            extra = made(provider, route(other, service=f"new{round_}", path="/new"))
            time.sleep(0.2)
            provider.destroy(extra)
            provider.destroy(other)
            wait_healthy(provider, fleet[1])
        # A rollout: the new one beside the old, traffic moved, the old drained and gone.
        new = made(provider, replica(0, env={"NAME": "second"}))
        way = provider.update(way, route(new, *fleet[1:]))
        wait_until(lambda: provider.in_flight(fleet[0]) == 0, "the old one is drained")
        provider.destroy(fleet[0])
    # What a killed replica had begun may not be done twice: only that is lost, and only if it was not a mere reading.
    lost = {what for what in answers if what != "200" and not ("POST" in what and BEGUN in what)}
    assert not lost, answers
    assert sum(answers.values()) - answers["200"] <= 3 * 4, "at most one for each client and killed replica"
    assert answers["200"] > 100, "there was a load"


def test_somebody_always_serves_while_one_replica_takes_over_from_another(
    provider: LocalProvider, tmp_path: Path
) -> None:
    port = made(provider, proxy()).outputs["port"]
    instance, other = made(provider, replica(0)), made(provider, replica(1))
    way = made(provider, route(instance))
    wait_until(lambda: get(port)[0] == 200, "it is served")
    with loaded(port, tmp_path) as answers:
        for _ in range(20):
            way = provider.update(way, route(other))
            way = provider.update(way, route(instance))
    assert set(answers) == {"200"}, answers


def test_requests_in_flight_are_counted_until_the_last_is_done(provider: LocalProvider) -> None:
    port = made(provider, proxy()).outputs["port"]
    old, new = made(provider, replica(0)), made(provider, replica(1))
    way = made(provider, route(old))
    wait_until(lambda: get(port)[0] == 200, "it is served")
    slow: list[tuple[int, str]] = []
    asking = threading.Thread(target=lambda: slow.append(get(port, "/slow?3")))
    asking.start()
    wait_until(lambda: provider.in_flight(old) == 1, "the request is running")
    way = provider.update(way, route(new))
    wait_until(lambda: get(port)[1].startswith("web-1"), "the new one serves")
    assert provider.in_flight(old) == 1
    assert provider.in_flight(new) == 0
    assert all(get(port)[1].startswith("web-1") for _ in range(20))
    wait_until(lambda: provider.in_flight(old) == 0, "it is drained")
    asking.join()
    assert slow[0][0] == 200
    provider.destroy(old)
    assert provider.in_flight(old) == 0
    assert wait_healthy(provider, way)


def test_back_after_it_was_killed_with_every_route(provider: LocalProvider, home: Path) -> None:
    door = made(provider, proxy())
    port = door.outputs["port"]
    instance = made(provider, replica(0))
    made(provider, route(instance))
    wait_until(lambda: get(port)[0] == 200, "it is served")
    os.kill(pid(home, door), signal.SIGKILL)

    def served() -> bool:
        try:
            return get(port)[0] == 200
        except OSError:
            return False

    wait_until(served, "it is served again")


def test_a_route_of_a_proxy_to_come_waits_for_it(provider: LocalProvider) -> None:
    instance = made(provider, replica(0))
    way = provider.create(route(instance))
    assert (way.health.state, way.outputs["url"]) == ("starting", "")
    door = made(provider, proxy())
    assert wait_healthy(provider, way).outputs["url"] == door.outputs["url"] + "/"
    wait_until(lambda: get(door.outputs["port"])[0] == 200, "it is served")


def test_a_port_that_is_taken_is_refused_by_number(provider: LocalProvider) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ProviderError, match=f"port {port} is taken by another program"):
            provider.create(proxy(port=port))
    door = made(provider, proxy(port=port))
    assert door.outputs["port"] == str(port)
    with pytest.raises(ProviderError, match=f"port {port} belongs to proxy/main of stack {stack}"):
        provider.create(proxy(port=port, stack="other"))


@contextmanager
def loaded(port: str, tmp_path: Path) -> Iterator[dict[str, int]]:
    """A second process asks all the while; what it got is there at the end."""
    answers: dict[str, int] = {}
    stop = tmp_path / "stop"
    script = Path(__file__).parents[1] / "load.py"
    with subprocess.Popen([sys.executable, "-S", str(script), port, str(stop)], stdout=subprocess.PIPE) as load:
        try:
            yield answers
        finally:
            stop.touch()
            answers.update(json.loads(load.communicate()[0]))


@pytest.mark.parametrize("kind", ["folder", "link"])
def test_whatever_lies_in_the_place_of_its_admin_socket_is_removed(
    provider: LocalProvider, home: Path, open_folder: Path, kind: str
) -> None:
    """The stack's account may write to that folder."""
    made(provider, proxy())
    path = home / "stacks" / stack / "proxy" / "admin" / "admin.sock"
    path.unlink()
    (open_folder / "kept").touch()
    if kind == "folder":
        (path / "deep").mkdir(parents=True)
        (path / "deep" / "out").symlink_to(open_folder)
    else:
        path.symlink_to(open_folder)
    made(provider, proxy(port=free_port()))
    assert path.is_socket()
    assert (open_folder / "kept").exists()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
