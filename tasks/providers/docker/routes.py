"""The kind `route`: a note in the engine, and the files of the stack's proxy made from all of them."""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from infra_specs.plan.instance import Health, Instance
from infra_specs.plan.resource import Resource
from tasks.providers import records
from tasks.providers.docker import proxy
from tasks.providers.docker.ending import is_ending
from tasks.providers.docker.engine import Engine
from tasks.providers.docker.labels import is_instance, known_by, labels_of, only
from tasks.providers.docker.notes import Key, Note, put_note, read_notes, remove_note
from tasks.providers.envoy.publishing import await_drained, await_endpoints, publish, rule_of
from tasks.providers.envoy.standing import (
    after_change,
    instead,
    others,
    route_health,
    route_url,
    same_question,
    while_joining,
)
from tasks.providers.envoy.view import View


class Routes:
    """The routes of every stack; of one stack they are changed one after the other."""

    def __init__(self, api: Engine) -> None:
        self._api = api
        self._guards: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._gone: dict[str, set[str]] = defaultdict(set)

    def put(self, resource: Resource, incarnation: int) -> None:
        """Tell the proxy and note it. Endpoints that it had before and has no more are drained until they are gone.

        They go on serving until the proxy has seen those that are new answer, so that somebody always does. What is
        noted the proxy has been told, whenever somebody is killed; what is told and not noted is told again.
        """
        with self._guards[resource.stack]:
            before = self._note(resource, incarnation)
            was, record = before.record if before else None, records.record_of(resource, incarnation, {})
            if before and (joining := while_joining(record, was)):
                self._publish(resource.stack, instead(self._records(resource.stack), joining))
                put_note(self._api, resource.stack, before.labels, before, joining)
                if found := running_proxy(self._api, resource.stack):
                    folder = proxy.Folder(self._api, found)
                    await_endpoints(folder, rule_of(record), asked_as_before=same_question(joining, record))
                before = self._note(resource, incarnation)
            record = after_change(record, was)
            self._publish(resource.stack, instead(self._records(resource.stack), record))
            put_note(self._api, resource.stack, labels_of(resource, incarnation, {}), before, record)
            if found := running_proxy(self._api, resource.stack):
                await_drained(proxy.Folder(self._api, found), rule_of(record))

    def remove(self, stack: str, key: Key) -> None:
        """Forget it; returns when the proxy sends nothing its way any more."""
        with self._guards[stack]:
            if note := read_notes(self._api, stack).get(key):
                self._publish(stack, others(self._records(stack), *key))
                remove_note(self._api, note)

    def forget_endpoint(self, stack: str, endpoint: str) -> None:
        """A replica is gone: nobody need know its endpoint any more. Those that go together are forgotten together."""
        self._gone[stack].add(endpoint)
        with self._guards[stack]:
            if endpoint not in self._gone[stack]:
                return
            gone, changed = frozenset(self._gone[stack]), False
            for note in _of_routes(read_notes(self._api, stack)).values():
                if gone & set(note.record["draining"]):
                    left = [each for each in note.record["draining"] if each not in gone]
                    put_note(self._api, stack, note.labels, note, note.record | {"draining": left})
                    changed = True
            if changed:
                self._publish(stack, self._records(stack))
            self._gone[stack] -= gone

    def fill(self, stack: str, container: str, files: Mapping[str, Any]) -> None:
        """Everything that a proxy must find at its start; it does not run yet."""
        with self._guards[stack]:
            folder = proxy.FirstFiles(files)
            publish(folder, self._records(stack), waiting=False)
            folder.put(self._api, container)

    def _note(self, resource: Resource, incarnation: int) -> Note | None:
        return read_notes(self._api, resource.stack).get((resource.address, incarnation))

    def _publish(self, stack: str, told: Iterable[Mapping[str, Any]]) -> None:
        """Nothing if the stack has no proxy: it will find all of it at its start."""
        if found := running_proxy(self._api, stack):
            publish(proxy.Folder(self._api, found), told)

    def _records(self, stack: str) -> list[dict[str, Any]]:
        return [note.record for _, note in sorted(_of_routes(read_notes(self._api, stack)).items())]


def running_proxy(api: Engine, stack: str) -> str | None:
    """The container of the stack's proxy, if it runs and goes on running."""
    for found in api.containers(filters={**only(stack), "status": ["running"]}):
        is_proxy = is_instance(found["Labels"]) and known_by(found["Labels"])["kind"] == "proxy"
        if is_proxy and not any(map(is_ending, found["Names"])):
            return str(found["Id"])
    return None


def observed(
    notes: Mapping[Key, Note], outputs: Mapping[str, str], view: View | None, health: Health | None
) -> Iterable[Instance]:
    """Every route, with what the proxy says of it and of itself."""
    for note in _of_routes(notes).values():
        url = {"url": route_url(note.record["settings"], outputs)}
        yield records.instance_of(known_by(note.labels) | {"outputs": url}, route_health(note.record, view, health))


def _of_routes(notes: Mapping[Key, Note]) -> dict[Key, Note]:
    return {key: note for key, note in notes.items() if known_by(note.labels)["kind"] == "route"}
