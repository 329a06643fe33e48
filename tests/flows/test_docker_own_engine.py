"""The engine itself in trouble: ended in the middle of a run, its disk full. On one of the tests' own."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient

from flows.provision import provision
from flows.teardown import teardown
from tests.flows.on_docker import done, first_line, observed, one_replica, shop, stack, well
from tests.support.children import run, start
from tests.support.engine import NoEngine
from tests.support.own_engine import OwnEngine, open_own_engine
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import clear, left

pytestmark = [pytest.mark.docker, pytest.mark.prefect, pytest.mark.usefixtures("prefect_server"), pytest.mark.proof]
MEGABYTES = 700
"""What the images take, and as much again for a stack's data."""
Tell = Callable[[str, str], None]


@pytest.fixture(scope="module")
def own(engine: DockerClient, images: dict[str, str]) -> Iterator[OwnEngine]:
    try:
        made = open_own_engine(MEGABYTES)
    except NoEngine as no:
        pytest.skip(str(no))
    try:
        made.load(tag for name, tag in images.items() if not name.startswith("tenfold-sample"))
        yield made
    finally:
        made.end()


@pytest.fixture
def spec(own: OwnEngine, images: dict[str, str], home: Path) -> Iterator[dict[str, Any]]:
    yield shop(images, own.host)
    with closing(own.client()) as client:
        clear(client)


def test_the_engine_dies_in_the_middle_of_a_provision(
    own: OwnEngine, spec: dict[str, Any], outcome: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the database makes its cluster, and everything else is being made."""
    monkeypatch.setenv("TENFOLD_LEASE_SECONDS", "300")
    point = "after create database/main"
    child = start(provision, {"spec": spec, "source": "/"}, at=1, by=signal.SIGSTOP, only=point.__eq__)
    try:
        child.until_stopped()
        own.crash()
        child.wake()
        own.start()
        ended = child.wait()
    finally:
        child.kill()
    if ended.state != "COMPLETED":
        assert "Docker Engine" in ended.message, ended.message
    again = done(provision, spec=spec, source="/")
    assert well(spec) == one_replica
    outcome("engine and all in it killed during a provision", f"{first_line(ended)}; run again: {again}")
    assert "nothing to do" in done(provision, spec=spec, source="/")
    with closing(own.client()) as client:
        done(teardown, stack=stack, delete_data=True)
        assert left(client) == []


def test_the_disk_is_full_before_the_database_is_made(own: OwnEngine, spec: dict[str, Any], outcome: Tell) -> None:
    with own.full(left=24 * 2**20):
        ended = run(provision, {"spec": spec, "source": "/"})
        assert ended.state == "FAILED"
        assert "no space left on device" in ended.message.lower()
    again = done(provision, spec=spec, source="/")
    assert well(spec) == one_replica
    outcome("disk full while the database is made", f"{first_line(ended)}; room made, run again: {again}")


def test_the_engine_is_restarted_and_then_its_disk_is_full_while_a_stack_runs(
    own: OwnEngine, spec: dict[str, Any], outcome: Tell
) -> None:
    """What runs comes back by itself, and goes on; what is asked for meanwhile is refused with the reason."""
    done(provision, spec=spec, source="/")
    before = observed(spec)
    own.stop()
    own.start()
    wait_until(lambda: observed(spec) and well(spec) == one_replica, "everything is back")
    assert [str(instance) for instance in observed(spec)] == [str(instance) for instance in before]
    assert [dict(instance.outputs) for instance in observed(spec)] == [dict(instance.outputs) for instance in before]
    outcome("engine restarted under a stack", "all of it back by itself, at the same addresses")
    rest(own)
    with own.full():
        grown = shop_with(spec, replicas={"min": 2, "max": 6})
        ended = run(provision, {"spec": grown, "source": "/"})
        assert ended.state == "FAILED"
        assert "disk is full" in ended.message, ended.message
        wait_until(lambda: well(spec) == one_replica, "what runs goes on")
    again = done(provision, spec=grown, source="/")
    outcome("disk full while a stack runs", f"it runs on; {first_line(ended)}; room made, run again: {again}")
    assert well(grown) == sorted([*one_replica, "replica/web-1"])


def rest(own: OwnEngine) -> None:
    """Have the database write now what it would write soon after its start: without room for that it would end."""
    with closing(own.client()) as client:
        server = client.containers.get(f"tenfold.{stack}.database.main.1")
        assert server.exec_run(["psql", "-c", "CHECKPOINT"]).exit_code == 0


def shop_with(spec: dict[str, Any], **service: Any) -> dict[str, Any]:
    return spec | {"services": {"web": spec["services"]["web"] | service}}
