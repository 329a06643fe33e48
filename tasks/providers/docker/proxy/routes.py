"""The routes of every stack: an annotation each in the engine, and the proxy's files made from all of them."""

import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers import labels
from tasks.providers.docker.annotations import Annotation, Annotations, annotations_among, routes_among
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.coalesce import SingleFlight
from tasks.providers.docker.labels import data_of, labels_of
from tasks.providers.docker.proxy import admin
from tasks.providers.docker.proxy.find import proxy_among, running_proxy
from tasks.providers.docker.proxy.folder import FirstFiles, Folder
from tasks.providers.docker.store import Key
from tasks.providers.envoy.admin_state import AdminState
from tasks.providers.envoy.config_push import await_drained, await_endpoints, push_config, rule_of
from tasks.providers.envoy.route_state import (
    after_change,
    route_health,
    route_url,
    same_health_check,
    while_joining,
    with_route,
    without_route,
)


class RouteTable:
    """The routes of every stack. Changes of one stack's routes run one after the other."""

    def __init__(self, api: Engine, annotations: Annotations) -> None:
        self._api, self._annotations = api, annotations
        self._guards: dict[str, threading.Lock] = defaultdict(threading.Lock)
        self._admin_states = SingleFlight(self._asked)

    def add(self, resource: Resource, incarnation: int) -> None:
        """Configure the proxy, then write the annotation."""
        with self._guards[resource.stack]:
            annotations = self._of(resource.stack)
            record = after_change(labels.record_of(resource, incarnation, {}), None)
            _tell(self._folder(resource.stack), with_route(_records(annotations), record))
            self._annotations.put(resource.stack, labels_of(resource, incarnation, {}), record)

    def change(self, resource: Resource, incarnation: int) -> None:
        """Tell the proxy and note it. Endpoints that it had before and has no more are drained until they are gone.

        They go on serving until the proxy has seen those that are new answer, so that somebody always does. What is
        noted the proxy has been told, whenever somebody is killed; what is told and not noted is told again.
        ProviderError if there is no such route.
        """
        stack = resource.stack
        with self._guards[stack]:
            annotations, folder = self._of(stack), self._folder(stack)
            records, annotation = _records(annotations), annotations.get((resource.address, incarnation))
            if annotation is None:
                raise ProviderError(f"{resource.address} of stack {stack} is gone: plan again")
            previous, record = annotation.record, labels.record_of(resource, incarnation, {})
            if joining := while_joining(record, previous):
                _tell(folder, with_route(records, joining))
                self._annotations.put(stack, annotation.labels, joining)
                if folder:
                    await_endpoints(folder, rule_of(record), asked_as_before=same_health_check(joining, record))
            record = after_change(record, previous)
            _tell(folder, with_route(records, record))
            self._annotations.put(stack, labels_of(resource, incarnation, {}), record)
            if folder:
                await_drained(folder, rule_of(record))

    def tell_again(self, stack: str) -> None:
        """Have the stack's proxy take in its routes as this version writes them."""
        with self._guards[stack]:
            _tell(self._folder(stack), _records(self._of(stack)))

    def remove(self, stack: str, key: Key) -> None:
        """Forget it; returns when the proxy sends nothing its way any more.

        One that does not run is told with the next change: it may never run again, and must not hold up a teardown.
        """
        with self._guards[stack]:
            annotations = self._of(stack)
            if key in annotations:
                container = running_proxy(self._api, stack)
                folder = Folder(self._api, container) if container else None
                _tell(folder, without_route(_records(annotations), *key))
                self._annotations.remove(stack, key)

    def forget_others(
        self, stack: str, annotations: Mapping[Key, Annotation], endpoints: Collection[str | None]
    ) -> None:
        """Remove draining endpoints that are none of these from the proxy."""
        route_annotations, changed = routes_among(annotations), {}
        for key, annotation in route_annotations.items():
            draining = [endpoint for endpoint in annotation.record["draining"] if endpoint in endpoints]
            if draining != annotation.record["draining"]:
                changed[key] = annotation.record | {"draining": draining}
        if changed:
            with self._guards[stack]:
                _tell(
                    self._folder(stack),
                    [changed.get(key, annotation.record) for key, annotation in route_annotations.items()],
                )
                for key, record in changed.items():
                    self._annotations.put(stack, route_annotations[key].labels, record)

    def fill(self, stack: str, container: str, files: Mapping[str, Any]) -> None:
        """Write the files that a proxy reads at its start; it does not run yet."""
        with self._guards[stack]:
            folder = FirstFiles(files)
            push_config(folder, _records(self._of(stack)), waiting=False)
            folder.put(self._api, container)

    def admin_state(self, stack: str) -> AdminState | None:
        """What the stack's proxy knows; None if none runs. TransientError if it does not answer."""
        return self._admin_states(stack)

    def _asked(self, stack: str) -> AdminState | None:
        container = running_proxy(self._api, stack)
        if not container or (state := admin.admin_state(self._api, container)):
            return state if container else None
        if running_proxy(self._api, stack) != container:
            return None  # it came to its end meanwhile, and every request with it
        raise TransientError(f"the proxy of {stack} does not say what is under way")

    def _of(self, stack: str) -> dict[Key, Annotation]:
        return routes_among(annotations_among(self._api.volumes_of(stack)))

    def _folder(self, stack: str) -> Folder | None:
        """Of the stack's proxy; None if none is there: the next one finds everything at its start.

        TransientError while it starts again by itself, with the files that it had.
        """
        containers = self._api.containers_of(stack)
        if proxy_among(containers, "restarting"):
            raise TransientError(f"the proxy of {stack} is starting again")
        proxy_id = proxy_among(containers)
        return Folder(self._api, proxy_id) if proxy_id else None


def observed_routes(
    annotations: Mapping[Key, Annotation],
    outputs: Mapping[str, str],
    state: AdminState | None,
    health: Health | None,
    running: Collection[str],
) -> Iterable[Instance]:
    """Every route, with what the proxy says of it and of itself."""
    for annotation in routes_among(annotations).values():
        url = {"url": route_url(annotation.record["settings"], outputs)}
        yield labels.instance_of(
            data_of(annotation.labels) | {"outputs": url}, route_health(annotation.record, state, health, running)
        )


def _tell(folder: Folder | None, records: Iterable[Mapping[str, Any]]) -> None:
    if folder:
        push_config(folder, records)


def _records(annotations: Mapping[Key, Annotation]) -> list[dict[str, Any]]:
    return [annotation.record for annotation in annotations.values()]
