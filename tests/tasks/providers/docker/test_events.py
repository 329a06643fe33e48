"""The engine tells what befell containers: what it starts again itself, what it does not, and what was removed."""

import os
import signal
import threading
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from docker import DockerClient
from docker.errors import NotFound

from infra_specs.plan.drift import Event, Told
from infra_specs.resources.instance import Health, Instance, State
from infra_specs.resources.resource import Resource
from tasks.providers.docker import DockerProvider
from tasks.providers.docker.events import DockerEvents, told
from tasks.providers.docker.labels import labels_of, name_of
from tasks.providers.docker.observe import Observer
from tests.support.waiting import wait_until
from tests.tasks.providers.docker.docker_world import made, replica, stack

WEB = "replica/web-0"


def event(action: str, kind: str = "replica", name: str = "tenfold.shop.x.1", **more: str) -> dict[str, Any]:
    labels = labels_of(Resource("shop", f"{kind}/main-0" if kind == "replica" else f"{kind}/main", kind, {}), 1, {})
    return {"Action": action, "Actor": {"ID": "c0", "Attributes": {**labels, "name": name, **more}}}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("action", "kind", "name", "status", "what"),
    [
        ("die", "replica", "web", "exited", "ended"),
        ("die", "replica", "web", "restarting", "restarts"),
        ("die", "replica", "web", "running", "restarts"),
        ("die", "replica", "web", "", "ended"),
        ("die", "replica", "web.ending.123", "exited", "stopped"),
        ("destroy", "replica", "web.ending.123", "", "stopped"),
        ("destroy", "replica", "web", "", "ended"),
        ("pause", "replica", "web", "paused", "ended"),
        ("die", "database", "db", "exited", "down"),
        ("die", "database", "db", "restarting", "restarts"),
        ("pause", "cache", "cache", "paused", "down"),
        ("destroy", "cache", "cache", "", "ended"),
    ],
)
def test_what_an_event_says(action: str, kind: str, name: str, status: str, what: Told) -> None:
    said = told(event(action, kind, name, exitCode="137"), lambda _: status)
    assert said is not None
    assert (said.stack, said.told) == ("shop", what)


@pytest.mark.pure
def test_what_is_no_instance_says_nothing() -> None:
    part = event("die")
    part["Actor"]["Attributes"] = {"tenfold.stack": "shop", "tenfold.part": "files"}
    assert told(part, lambda _: "exited") is None
    assert told({"Action": "die"}, lambda _: "exited") is None


class Engine:
    """An engine whose streams end, one after the other; then it is away."""

    def __init__(self, *streams: list[Any]) -> None:
        self.streams = list(streams)
        self.dying = False

    def events(self, **_: Any) -> Iterable[Any]:
        if not self.streams:
            raise NotFound("away")
        return iter(self.streams.pop(0))

    def inspect_container(self, _: str) -> Any:
        return {"State": {"Status": "exited"}}

    def ping(self) -> None:
        if self.dying:
            self.dying = False
            raise ConnectionError("the engine is gone")


class Asked:
    """Replicas, as a test says that they are."""

    def __init__(self, *states: State) -> None:
        self.states = list(states)

    def of_kinds(self, asked: str, _kinds: Any) -> list[Instance]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        old = Instance(asked, WEB, "replica", "f", 1, Health("failed", "kept for its log", 0.0))
        return [Instance(asked, WEB, "replica", "f", 2, Health(state, "does not answer", 0.0)), old]


def all_told(events: DockerEvents, count: int) -> list[Event]:
    heard = list[Event]()

    def more() -> bool:
        heard.extend(events.wait([stack], 0.2))
        return len(heard) >= count

    wait_until(more, f"{count} events are told")
    return heard


@pytest.mark.pure
def test_a_stream_that_ended_is_opened_again_and_says_so() -> None:
    engine = Engine([event("die")], [event("destroy"), {"Action": "die"}, event("pause")])
    events = DockerEvents(cast("Any", engine), cast("Observer", Asked("healthy")))
    try:
        assert [each.told for each in all_told(events, 4)] == ["ended", "missed", "ended", "ended"]
    finally:
        events.close()


@pytest.mark.pure
def test_a_stream_that_opens_while_it_is_closed_is_closed() -> None:
    opening, closed = threading.Event(), threading.Event()

    class Stream(Iterator[Any]):
        def __next__(self) -> Any:
            closed.wait()
            raise StopIteration

        def close(self) -> None:
            closed.set()

    class Slow(Engine):
        def events(self, **_: Any) -> Iterable[Any]:
            opening.set()
            events._closing.wait()
            return Stream()

    events = DockerEvents(cast("Any", Slow()), cast("Observer", Asked("healthy")))
    events.wait([stack], 0.0)
    opening.wait()
    events.close()
    wait_until(lambda: not any(thread.is_alive() for thread in events._threads), "its threads have ended", 20.0)
    assert closed.is_set()


@pytest.mark.pure
def test_what_ends_with_its_engine_is_looked_at_once_that_is_back() -> None:
    engine = Engine([event("die"), event("die")], [])
    engine.dying = True
    events = DockerEvents(cast("Any", engine), cast("Observer", Asked("healthy")))
    try:
        assert [each.told for each in all_told(events, 1)][-1] == "missed"
    finally:
        events.close()


@pytest.mark.pure
def test_replicas_are_asked_and_changes_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.providers.docker.events.ASK_SECONDS", 0.01)
    observer = Asked("healthy", "starting", "unready", "unready", "healthy", "failed")
    events = DockerEvents(cast("Any", Engine()), cast("Observer", observer))
    try:
        assert [each.told for each in all_told(events, 3)] == ["unready", "well", "silent"]
    finally:
        events.close()


@pytest.mark.docker
@pytest.mark.proof
def test_the_engine_tells(provider: DockerProvider, images: dict[str, str], engine: DockerClient) -> None:
    first, second = made(provider, replica(images)), made(provider, replica(images, 1))
    events = provider.events
    assert events is not None
    heard = list[Event]()

    def told_of(instance: Instance) -> Told:
        def more() -> bool:
            heard.extend(events.wait([stack], 1.0))
            return any(event.address == instance.address for event in heard)

        wait_until(more, f"something is told of {instance}")
        what = next(event.told for event in heard if event.address == instance.address)
        heard.clear()
        return what

    def container(instance: Instance) -> Any:
        return engine.containers.get(name_of(stack, instance.address, instance.incarnation))

    assert events.wait([stack], 1.0) == ()
    os.kill(container(first).attrs["State"]["Pid"], signal.SIGKILL)
    assert told_of(first) == "restarts"
    wait_until(lambda: container(first).status == "running", "the engine has started it again")
    container(first).kill()
    assert told_of(first) == "ended"
    container(second).remove(force=True)
    assert told_of(second) == "ended"
    provider.destroy(provider.create(replica(images, 2)))
    assert told_of(cast("Instance", SimpleNamespace(address="replica/web-2"))) == "stopped"
