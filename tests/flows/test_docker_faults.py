"""Accidents of one stack on a Docker Engine: what each comes to. All of them happen to the same stack, one by one."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from benchmarks.load import Load
from flows.deploy import deploy
from flows.provision import provision
from flows.reconcile import reconcile
from tests.flows.on_docker import containers, done, door, first_line, observed, one_replica, shop, stack, well
from tests.support.children import run, start
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import alone, crash, get

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
Tell = Callable[[str, str], None]
two_replicas = sorted([*one_replica, "replica/web-1"])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as environment:
        folder = tmp_path_factory.mktemp("faults") / "home"
        environment.setenv("TENFOLD_HOME", str(folder))
        yield folder


@pytest.fixture(scope="module")
def there(engine: DockerClient, images: dict[str, str]) -> Iterator[dict[str, Any]]:
    with alone(engine):
        yield shop(images, replicas={"min": 2, "max": 6})


@pytest.fixture
def spec(there: dict[str, Any], home: Path, prefect_server: None) -> dict[str, Any]:
    """Of a stack that stands, and is well."""
    done(provision, spec=there, source="/")
    assert well(there) == two_replicas
    return there


def test_what_is_killed_stopped_or_removed_comes_back(
    spec: dict[str, Any], engine: DockerClient, outcome: Tell
) -> None:
    killed = engine.containers.get("tenfold.flows.replica.web-0.1")
    crash(killed)
    engine.containers.get("tenfold.flows.replica.web-1.1").kill()
    engine.containers.get("tenfold.flows.cache.main.1").remove(force=True, v=True)
    told = done(reconcile, stack=stack)
    assert well(spec) == two_replicas
    killed.reload()
    assert killed.status == "running", "the engine started it again by itself"
    outcome("a process killed, a container stopped, one removed", f"reconcile: {told}")


def test_the_proxy_is_killed_under_load(spec: dict[str, Any], engine: DockerClient, outcome: Tell) -> None:
    port = door(spec)
    wait_until(lambda: get(port)[0] == 200, "it serves")
    load = Load.started(f"http://127.0.0.1:{port}/", 100, new=True)
    container = engine.containers.get("tenfold.flows.proxy.main.1")
    time.sleep(1)
    crash(container)
    began = time.monotonic()
    wait_until(lambda: answers(port), "it serves again")
    away = time.monotonic() - began
    time.sleep(1)
    result = load.stop()
    assert answers(port)
    assert well(spec) == two_replicas
    outcome("the proxy killed under 100 requests/s", f"back by itself after {away:.1f} s; {result}")


def test_the_volume_is_deleted_behind_our_back(spec: dict[str, Any], engine: DockerClient, outcome: Tell) -> None:
    for container in engine.containers.list(all=True, filters={"label": f"tenfold.stack={stack}"}):
        if ".database." in str(container.name):
            container.remove(force=True, v=True)
    engine.volumes.get("tenfold.flows.volume.database.1").remove(force=True)
    ended = run(reconcile, {"stack": stack})
    assert ended.state == "COMPLETED", ended.message
    assert well(spec) == two_replicas
    outcome("the database's volume deleted behind our back", first_line(ended))


def test_an_image_that_is_nowhere(spec: dict[str, Any], engine: DockerClient, outcome: Tell) -> None:
    before = containers(engine), volumes(engine)
    ended = run(deploy, {"stack": stack, "image": "tenfold-test/tenfold-tiny:9"})
    assert ended.state == "FAILED"
    assert "the image tenfold-test/tenfold-tiny:9 is not in the Docker Engine" in ended.message
    assert "docker load" in ended.message
    assert (containers(engine), volumes(engine)) == before, "nothing half made is left"
    assert well(spec) == two_replicas
    outcome("a release whose image is nowhere", first_line(ended))


def test_a_release_that_runs_out_of_memory(spec: dict[str, Any], engine: DockerClient, outcome: Tell) -> None:
    port, done_with, seen = door(spec), threading.Event(), list[int]()

    def visit() -> None:
        while not done_with.is_set():
            seen.append(get(port)[0])
            time.sleep(0.02)

    visitor = threading.Thread(target=visit)
    visitor.start()
    try:
        greedy = {"service": "web", "memory": "16MB", "command": "dd if=/dev/zero of=/dev/null bs=100M"}
        ended = run(deploy, {"stack": stack, **greedy})
    finally:
        done_with.set()
        visitor.join()
    assert ended.state == "FAILED"
    assert "ran out of memory (limit 16 MB)" in ended.message, ended.message
    assert set(seen) == {200}, "the release before it served on"
    assert well(spec) == two_replicas
    broken = [instance for instance in observed(spec) if instance.failed and instance.address == "replica/web-0"]
    assert ["ran out of memory (limit 16 MB)" in instance.health.reason for instance in broken] == [True]
    replicas = engine.containers.list(all=True, filters={"label": [f"tenfold.stack={stack}", "tenfold.kind=replica"]})
    states = Counter(replica.status for replica in replicas)
    assert (states["running"], states["exited"]) == (2, len(replicas) - 2), "nothing of it is started again"
    outcome("a release that runs out of memory", f"{first_line(ended)} 0/{len(seen)} requests failed")


def test_two_operators_at_once(
    spec: dict[str, Any], outcome: Tell, monkeypatch: pytest.MonkeyPatch, images: dict[str, str]
) -> None:
    monkeypatch.setenv("TENFOLD_LEASE_SECONDS", "300")
    grown = shop(images, replicas={"min": 3, "max": 6})
    first = start(provision, {"spec": grown, "source": "/"}, at=1, by=signal.SIGSTOP,
                  only="after create replica/web-2".__eq__)  # fmt: skip
    try:
        first.until_stopped()
        second = run(deploy, {"stack": stack, "image": images["tenfold-tiny:2"]})
        assert second.state == "FAILED"
        assert "flows is being changed by provision" in second.message
        first.wake()
        assert first.wait().state == "COMPLETED"
    finally:
        first.kill()
    assert well(grown) == sorted([*two_replicas, "replica/web-2"])
    outcome("two operators at once", f"the first: completed; the second: {first_line(second)}")


def answers(port: str) -> bool:
    with suppress(OSError):
        return get(port)[0] == 200
    return False


def volumes(engine: DockerClient) -> list[str]:
    """By name, notes aside, which only say what is."""
    found = [str(volume.name) for volume in engine.volumes.list(filters={"label": f"tenfold.stack={stack}"})]
    return sorted(name for name in found if ".note" not in name)
