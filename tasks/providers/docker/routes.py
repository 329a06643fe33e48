"""The kind `route`: a note in the engine, and the files of the stack's proxy made from all of them."""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers import labels
from tasks.providers.docker import proxy
from tasks.providers.docker.annotations import Key, Note, put_note, read_notes, remove_note
from tasks.providers.docker.coalesce import Together
from tasks.providers.docker.engine import Engine
from tasks.providers.docker.labels import is_instance, known_by, labels_of
from tasks.providers.docker.removal import is_ending
from tasks.providers.envoy.admin_state import View
from tasks.providers.envoy.config_push import await_drained, await_endpoints, publish, rule_of
from tasks.providers.envoy.route_state import (
    after_change,
    instead,
    others,
    route_health,
    route_url,
    same_question,
    while_joining,
)


class Routes:
    """The routes of every stack; of one stack they are changed one after the other."""

    def __init__(self, api: Engine) -> None:
        self._api = api
        self._guards: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._views = Together(self._asked)

    def add(self, resource: Resource, incarnation: int) -> None:
        """Tell the proxy and note it."""
        with self._guards[resource.stack]:
            noted = _of_routes(read_notes(self._api, resource.stack))
            record = after_change(labels.record_of(resource, incarnation, {}), None)
            _tell(self._folder(resource.stack), instead(_records(noted), record))
            put_note(self._api, resource.stack, labels_of(resource, incarnation, {}), None, record)

    def change(self, resource: Resource, incarnation: int) -> None:
        """Tell the proxy and note it. Endpoints that it had before and has no more are drained until they are gone.

        They go on serving until the proxy has seen those that are new answer, so that somebody always does. What is
        noted the proxy has been told, whenever somebody is killed; what is told and not noted is told again.
        ProviderError if there is no such route.
        """
        stack = resource.stack
        with self._guards[stack]:
            noted, folder = _of_routes(read_notes(self._api, stack)), self._folder(stack)
            told, before = _records(noted), noted.get((resource.address, incarnation))
            if before is None:
                raise ProviderError(f"{resource.address} of stack {stack} is gone: plan again")
            was, record = before.record, labels.record_of(resource, incarnation, {})
            if joining := while_joining(record, was):
                _tell(folder, instead(told, joining))
                before = put_note(self._api, stack, before.labels, before, joining)
                if folder:
                    await_endpoints(folder, rule_of(record), asked_as_before=same_question(joining, record))
            record = after_change(record, was)
            _tell(folder, instead(told, record))
            put_note(self._api, stack, labels_of(resource, incarnation, {}), before, record)
            if folder:
                await_drained(folder, rule_of(record))

    def remove(self, stack: str, key: Key) -> None:
        """Forget it; returns when the proxy sends nothing its way any more.

        One that does not run is told with the next change: it may never run again, and must not hold up a teardown.
        """
        with self._guards[stack]:
            noted = _of_routes(read_notes(self._api, stack))
            if key in noted:
                found = running_proxy(self._api, stack)
                _tell(proxy.Folder(self._api, found) if found else None, others(_records(noted), *key))
                remove_note(self._api, noted[key])

    def forget_others(self, stack: str, notes: Mapping[Key, Note], endpoints: Collection[str | None]) -> None:
        """Have the proxy forget what it drained and is none of these endpoints."""
        ways, changed = _of_routes(notes), {}
        for key, note in ways.items():
            left = [each for each in note.record["draining"] if each in endpoints]
            if left != note.record["draining"]:
                changed[key] = note.record | {"draining": left}
        if changed:
            with self._guards[stack]:
                _tell(
                    self._folder(stack),
                    [changed.get(key, note.record) for key, note in sorted(ways.items())],
                )
                for key, record in changed.items():
                    put_note(self._api, stack, ways[key].labels, ways[key], record)

    def fill(self, stack: str, container: str, files: Mapping[str, Any]) -> None:
        """Everything that a proxy must find at its start; it does not run yet."""
        with self._guards[stack]:
            folder = proxy.FirstFiles(files)
            publish(folder, _records(_of_routes(read_notes(self._api, stack))), waiting=False)
            folder.put(self._api, container)

    def view(self, stack: str) -> View | None:
        """What the stack's proxy knows; None if none runs. TransientError if it does not answer."""
        return self._views(stack)

    def _asked(self, stack: str) -> View | None:
        found = running_proxy(self._api, stack)
        if not found or (view := proxy.view(self._api, found)):
            return view if found else None
        if running_proxy(self._api, stack) != found:
            return None  # it came to its end meanwhile, and every request with it
        raise TransientError(f"the proxy of {stack} does not say what is under way")

    def _folder(self, stack: str) -> proxy.Folder | None:
        """Of the stack's proxy; None if none is there: the next one finds everything at its start.

        TransientError while it starts again by itself, with the files that it had.
        """
        listed = self._api.containers_of(stack)
        if proxy_among(listed, "restarting"):
            raise TransientError(f"the proxy of {stack} is starting again")
        found = proxy_among(listed)
        return proxy.Folder(self._api, found) if found else None


def running_proxy(api: Engine, stack: str) -> str | None:
    """The container of the stack's proxy, if it runs and goes on running."""
    return proxy_among(api.containers_of(stack))


def proxy_among(listed: Iterable[Mapping[str, Any]], state: str = "running") -> str | None:
    """The proxy's among a stack's containers (as the engine lists them), if it is in this state and not ending."""
    for each in listed:
        is_proxy = is_instance(each["Labels"]) and known_by(each["Labels"])["kind"] == "proxy"
        if is_proxy and each["State"] == state and not any(map(is_ending, each["Names"])):
            return str(each["Id"])
    return None


def observed(
    notes: Mapping[Key, Note], outputs: Mapping[str, str], view: View | None, health: Health | None
) -> Iterable[Instance]:
    """Every route, with what the proxy says of it and of itself."""
    for note in _of_routes(notes).values():
        url = {"url": route_url(note.record["settings"], outputs)}
        yield labels.instance_of(known_by(note.labels) | {"outputs": url}, route_health(note.record, view, health))


def _tell(folder: proxy.Folder | None, told: Iterable[Mapping[str, Any]]) -> None:
    if folder:
        publish(folder, told)


def _records(noted: Mapping[Key, Note]) -> list[dict[str, Any]]:
    return [note.record for _, note in sorted(noted.items())]


def _of_routes(notes: Mapping[Key, Note]) -> dict[Key, Note]:
    return {key: note for key, note in notes.items() if known_by(note.labels)["kind"] == "route"}
