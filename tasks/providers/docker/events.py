"""The part `events` of the docker target: the engine tells of ends, and replicas that run are asked now and then.

One stream tells of all stacks of an engine. It tells nothing of a program that hangs: for that the replicas are asked.
"""

import queue
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from typing import Any

from docker.errors import NotFound

from infra_specs.errors import ProviderError, TenfoldError
from infra_specs.plan.drift import Event, Told
from infra_specs.resources.instance import Instance
from tasks.providers.docker.containers.removal import is_ending
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.labels import STACK_LABEL, data_of, is_instance, only
from tasks.providers.docker.observe import Observer
from tasks.providers.docker.restarts import KINDS
from tasks.providers.seam.reconnect import Reconnect

ACTIONS = ("die", "destroy", "pause")
"""Of a container: what of the engine's events ends something, or keeps it from answering."""
ASK_SECONDS = 10.0
"""Between two questions to a replica. Three without an answer make it one that is not ready, or has failed."""
PING_SECONDS = 60.0
"""A stream that was silent for so long may lead to an engine that is gone: it is asked whether it is there."""
SETTLE_SECONDS = 0.1
"""From an event to its answer: an engine that is stopped ends all containers first. They are back with it."""
_RUNS = ("running", "restarting", "created")
Stream = Iterable[Mapping[str, Any]]


class DockerEvents:
    """The stream of one engine, read in a thread of its own from the first `wait` on, and again when it has ended."""

    def __init__(self, api: Engine, observer: Observer) -> None:
        self._api, self._observer = api, observer
        self._told: queue.SimpleQueue[Mapping[str, Any] | Event] = queue.SimpleQueue()
        self._again, self._closing = Reconnect(), threading.Event()
        self._stacks: Collection[str] = ()
        self._unwell: dict[str, Mapping[str, Told]] = {}
        """How the replicas of each stack were when they were last asked."""
        self._threads: tuple[threading.Thread, ...] = ()
        self._stream: Any = None

    def wait(self, stacks: Collection[str], seconds: float) -> tuple[Event, ...]:
        self._stacks = frozenset(stacks)
        if not self._threads:
            jobs: tuple[Callable[[], None], ...] = (self._read, self._ask)
            self._threads = tuple(threading.Thread(target=job, name="docker-events", daemon=True) for job in jobs)
            for thread in self._threads:
                thread.start()
        with suppress(queue.Empty):
            first = self._told.get(timeout=seconds)
            self._closing.wait(SETTLE_SECONDS)
            items = [first, *self._rest()]
            if not self._answers():
                self._break()
                items = [item for item in items if isinstance(item, Event)]
            events = [event for item in items for event in self._events(item)]
            return tuple(event for event in events if event.stack in self._stacks)
        return ()

    def close(self) -> None:
        """End the stream."""
        self._closing.set()
        self._break()

    def _rest(self) -> Iterable[Mapping[str, Any] | Event]:
        while not self._told.empty():
            yield self._told.get()

    def _events(self, item: Mapping[str, Any] | Event) -> Iterable[Event]:
        if isinstance(item, Event):
            return [item] if item.stack else [Event(stack, "", item.told, item.reason) for stack in self._stacks]
        with suppress(ProviderError):  # labels that are not ours any more
            event = told(item, self._status)
            return [event] if event else []
        return []

    def _status(self, identity: str) -> str:
        """The status of a container; empty if it is gone, or nobody can tell."""
        with suppress(NotFound, TenfoldError), translated():
            return str(self._api.inspect_container(identity)["State"]["Status"])
        return ""

    def _read(self) -> None:
        while not self._closing.wait(self._again.seconds):
            with suppress(Exception):  # whatever ends a stream, the next one is opened
                filters = {**only(), "type": ["container"], "event": list(ACTIONS)}
                self._stream = stream = self._api.events(decode=True, filters=filters)
                if self._closing.is_set():  # `close` may have come before there was this stream to end
                    self._break()
                    return
                if self._again.opened():
                    self._told.put(Event("", "", "missed", "is heard again"))
                for event in stream:
                    self._told.put(event)
            self._again.broke()

    def _ask(self) -> None:
        """Ask the replicas, and now and then the engine itself."""
        asked = time.monotonic()
        while not self._closing.wait(ASK_SECONDS):
            stacks = self._stacks
            self._unwell = {stack: told for stack, told in self._unwell.items() if stack in stacks}
            for stack in stacks:
                with suppress(TenfoldError), translated():
                    self._note(stack, self._observer.of_kinds(stack, ("replica",)))
            if time.monotonic() - asked >= PING_SECONDS:
                asked = time.monotonic()
                if not self._answers():
                    self._break()

    def _note(self, stack: str, replicas: Iterable[Instance]) -> None:
        """Tell of the newest replica at each address how it is, if that has changed. An earlier one is history."""
        newest = {replica.address: replica for replica in sorted(replicas, key=lambda item: item.incarnation)}
        before, now = self._unwell.get(stack, {}), dict[str, Told]()
        for replica in newest.values():
            state = now[str(replica)] = _told_of(replica)
            if state != before.get(str(replica), "well"):
                self._told.put(Event(stack, replica.address, state, replica.health.reason))
        self._unwell[stack] = now

    def _answers(self) -> bool:
        with suppress(TenfoldError), translated():
            self._api.ping()
            return True
        return False

    def _break(self) -> None:
        """End the stream: another one is opened, and says that something may have been missed."""
        if self._stream is not None:
            with suppress(Exception):  # it may have ended meanwhile, in any way
                self._stream.close()


def told(event: Mapping[str, Any], status_of: Callable[[str], str]) -> Event | None:
    """What an event of the engine says of an instance; None if it is about none. `status_of` a container, by its id."""
    labels: Mapping[str, str] = event.get("Actor", {}).get("Attributes", {})
    if not is_instance(labels) or STACK_LABEL not in labels:
        return None
    data = data_of(labels)
    state, reason = _state_of(event, data["kind"], labels, status_of)
    return Event(labels[STACK_LABEL], data["address"], state, reason)


def _state_of(
    event: Mapping[str, Any], kind: str, labels: Mapping[str, str], status_of: Callable[[str], str]
) -> tuple[Told, str]:
    action = event.get("Action", "")
    if is_ending(labels.get("name", "")):
        return "stopped", "is removed by a run of ours"
    if action == "die":
        reason = f"exited with {labels.get('exitCode', 'no code')}"
        if status_of(event["Actor"]["ID"]) in _RUNS:
            return "restarts", reason
        return ("down" if kind in KINDS else "ended"), reason
    if action == "pause":
        return ("down" if kind in KINDS else "ended"), "is paused"
    return "ended", "is gone"


def _told_of(replica: Instance) -> Told:
    state = replica.health.state
    return "unready" if state == "unready" else "silent" if state == "failed" else "well"
