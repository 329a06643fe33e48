"""The routes of every stack: an annotation each in the engine, and the proxy's files made from all of them."""

import threading
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
from tasks.providers.envoy.config_push import (
    SEEN_SECONDS,
    ProxyFolder,
    await_drained,
    await_endpoints,
    push_config,
    rule_of,
)
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
    """The routes of every stack. Changes of one stack's routes run one after the other. A target subclasses it."""

    seen_seconds = SEEN_SECONDS
    """How long a proxy may take to see those answer that Tenfold has seen answer already."""

    def __init__(self, annotations: Annotations) -> None:
        self._annotations = annotations
        self._guards: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def routes_of(self, stack: str) -> dict[Key, Annotation]:
        """The annotations of the stack that are routes."""
        raise NotImplementedError

    def folders(self, stack: str, *, settled: bool) -> Sequence[ProxyFolder]:
        """Those of the stack's proxies that run. The next one finds everything at its start.

        With `settled` TransientError while one starts again by itself, with the files that it had.
        """
        raise NotImplementedError

    def for_each(self, folders: Sequence[ProxyFolder], act: Callable[[ProxyFolder], None]) -> None:
        """Do the same for several folders."""
        for folder in folders:
            act(folder)

    def add(self, resource: Resource, incarnation: int) -> None:
        """Configure the proxy, then write the annotation."""
        with self._guards[resource.stack]:
            annotations = self.routes_of(resource.stack)
            record = after_change(labels.record_of(resource, incarnation, {}), None)
            self._tell(self.folders(resource.stack, settled=True), with_route(_records(annotations), record))
            self._annotations.put(resource.stack, labels_of(resource, incarnation, {}), record)

    def change(self, resource: Resource, incarnation: int) -> None:
        """Tell the proxy and note it. Endpoints that it had before and has no more are drained until they are gone.

        They go on serving until the proxy has seen those that are new answer, so that somebody always does. What is
        noted the proxy has been told, whenever somebody is killed; what is told and not noted is told again.
        ProviderError if there is no such route.
        """
        stack = resource.stack
        with self._guards[stack]:
            annotations, folders = self.routes_of(stack), self.folders(stack, settled=True)
            records, annotation = _records(annotations), annotations.get((resource.address, incarnation))
            if annotation is None:
                raise ProviderError(f"{resource.address} of stack {stack} is gone: plan again")
            previous, record = annotation.record, labels.record_of(resource, incarnation, {})
            if joining := while_joining(record, previous):
                self._tell(folders, with_route(records, joining))
                self._annotations.put(stack, annotation.labels, joining)
                rule, asked_as_before = rule_of(record), same_health_check(joining, record)
                self.for_each(
                    folders,
                    lambda folder: await_endpoints(
                        folder, rule, asked_as_before=asked_as_before, seconds=self.seen_seconds
                    ),
                )
            record = after_change(record, previous)
            self._tell(folders, with_route(records, record))
            self._annotations.put(stack, labels_of(resource, incarnation, {}), record)
            drained = rule_of(record)
            self.for_each(folders, lambda folder: await_drained(folder, drained))

    def tell_again(self, stack: str) -> None:
        """Have the stack's proxy take in its routes as this version writes them."""
        with self._guards[stack]:
            self._tell(self.folders(stack, settled=True), _records(self.routes_of(stack)))

    def remove(self, stack: str, key: Key) -> None:
        """Forget it; returns when the proxy sends nothing its way any more.

        One that does not run is told with the next change: it may never run again, and must not hold up a teardown.
        """
        with self._guards[stack]:
            annotations = self.routes_of(stack)
            if key in annotations:
                self._tell(self.folders(stack, settled=False), without_route(_records(annotations), *key))
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
                self._tell(
                    self.folders(stack, settled=True),
                    [changed.get(key, annotation.record) for key, annotation in route_annotations.items()],
                )
                for key, record in changed.items():
                    self._annotations.put(stack, route_annotations[key].labels, record)

    def filled(self, stack: str, files: Mapping[str, Any]) -> FirstFiles:
        """These files and those of the routes, for a proxy that does not run yet."""
        folder = FirstFiles(files)
        push_config(folder, _records(self.routes_of(stack)), waiting=False)
        return folder

    def _tell(self, folders: Sequence[ProxyFolder], records: Iterable[Mapping[str, Any]]) -> None:
        told = list(records)
        self.for_each(folders, lambda folder: push_config(folder, told))


class EngineRoutes(RouteTable):
    """The routes of the stacks of one engine, where a stack has one proxy."""

    def __init__(self, api: Engine, annotations: Annotations) -> None:
        super().__init__(annotations)
        self._api = api
        self._admin_states = SingleFlight(self._asked)

    def routes_of(self, stack: str) -> dict[Key, Annotation]:
        return routes_among(annotations_among(self._api.volumes_of(stack)))

    def folders(self, stack: str, *, settled: bool) -> Sequence[ProxyFolder]:
        containers = self._api.containers_of(stack)
        if settled and proxy_among(containers, "restarting"):
            raise TransientError(f"the proxy of {stack} is starting again")
        proxy_id = proxy_among(containers)
        return [Folder(self._api, proxy_id)] if proxy_id else []

    def fill(self, stack: str, container: str, files: Mapping[str, Any]) -> None:
        """Write the files that a proxy reads at its start; it does not run yet."""
        with self._guards[stack]:
            self.filled(stack, files).put(self._api, container)

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


def _records(annotations: Mapping[Key, Annotation]) -> list[dict[str, Any]]:
    return [annotation.record for annotation in annotations.values()]
