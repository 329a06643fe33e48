"""Read a stack's instances from the engine. Nothing here changes anything."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from docker.errors import NotFound

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.clock import now
from tasks.base.daemon_pool import DaemonPool
from tasks.providers.docker.annotations import Annotation, annotations_among
from tasks.providers.docker.containers.removal import is_ending
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.health import probes
from tasks.providers.docker.health.tracker import HealthTracker
from tasks.providers.docker.labels import (
    FAULT_LABEL,
    STACK_LABEL,
    data_of,
    instance_of,
    is_instance,
    is_of_route,
    key_of,
    name_of,
    probe_of,
)
from tasks.providers.docker.network import Networks, address_in
from tasks.providers.docker.proxy import admin
from tasks.providers.docker.proxy.find import proxy_among, running_proxy
from tasks.providers.docker.proxy.routes import observed_routes
from tasks.providers.docker.store import Key
from tasks.providers.envoy.admin_state import AdminState, with_requests
from tasks.providers.envoy.route_state import proxy_health

_MAX_PARALLEL_LOOKS = 16
_INSPECTION_SECONDS = 0.25
"""Seconds for which an inspection of a running container is reused between probes."""

Judge = Callable[[dict[str, Any]], Health]
"""Judges the health of an inspected container."""
LabelFilter = Callable[[Mapping[str, str]], bool]
"""Selects instances by their labels."""


@dataclass(frozen=True, slots=True)
class _Inspection:
    """A container with its annotation, and when both were read."""

    at: float
    container: dict[str, Any]
    annotation: Annotation | None


class Observer:
    """Observes the stacks of one engine; the results of probes are remembered while it is open."""

    def __init__(self, api: Engine, networks: Networks) -> None:
        self._api, self._networks = api, networks
        self._health_tracker = HealthTracker(self._probe, self._api.is_stopped, self._api.sockets)
        self._pool = DaemonPool(_MAX_PARALLEL_LOOKS, "docker-look")
        self._running: dict[str, _Inspection] = {}

    def close(self) -> None:
        """Stop the threads that ask the engine."""
        self._pool.drop()

    def instances(self, stack: str) -> list[Instance]:
        """Every instance of a stack, unordered, those that are ending too.

        One that no longer answers is asked again before that is called a failure, which takes some seconds.
        """
        return self._instances(stack, self._health_tracker.settled_health, lambda _: True, asking_proxy=True)

    def at(self, stack: str, address: str, *, asking_proxy: bool = False) -> list[Instance]:
        """The instances at this address, each asked once. Without `asking_proxy` no route is known to be healthy."""
        of_route = is_of_route((address, 0))

        def matches(labels: Mapping[str, str]) -> bool:
            return key_of(labels)[0] == address or (of_route and data_of(labels)["kind"] == "proxy")

        instances = self._instances(stack, self._health_tracker.health, matches, asking_proxy=asking_proxy)
        return [instance for instance in instances if instance.address == address]

    def of_kinds(self, stack: str, kinds: Collection[str]) -> list[Instance]:
        """The stack's containers of these kinds, each asked once; those that are ending are left out."""
        containers = self._inspected_among(
            self._api.containers_of(stack), lambda labels: data_of(labels)["kind"] in kinds
        )
        present = [container for container in containers if not is_ending(container["Name"])]
        return list(self._pool.map(lambda item: _judged(item, None, self._health_tracker.health(item)), present))

    def is_hung(self, container: Mapping[str, Any]) -> bool:
        """Whether an inspected container runs and answered nothing at all, as often as a decision takes."""
        return self._health_tracker.is_hung(container)

    def look(self, instance: Instance) -> Instance | None:
        """The instance of a container as it is now; None if it is gone. Between two inspections it is only probed."""
        name = name_of(instance.stack, instance.address, instance.incarnation)
        inspection = self._running.get(name)
        if inspection is None or time.monotonic() - inspection.at > _INSPECTION_SECONDS:
            inspection = self._inspection(name, instance)
            if inspection is None:
                self._running.pop(name, None)
                ending = self.ending_container(instance)
                return _ending(ending) if ending else None
        return _judged(inspection.container, inspection.annotation, self._health_tracker.health(inspection.container))

    def started(self, id: str) -> Instance:
        """The instance of a container that was just made, of which nothing is annotated yet."""
        container = self._api.inspect_container(id)
        return _judged(container, None, self._health_tracker.health(container))

    @contextmanager
    def changing(self, instance: Instance) -> Iterator[None]:
        """A block that changes its container or its annotation, or fails to: the next look reads both."""
        try:
            yield
        finally:
            self._running.pop(name_of(instance.stack, instance.address, instance.incarnation), None)

    def containers(self, stack: str) -> list[dict[str, Any]]:
        """The stack's containers, inspected in parallel; those that are ending, or gone meanwhile, are left out."""
        inspected = self._inspected_among(self._api.containers_of(stack), lambda _: True)
        return [container for container in inspected if not is_ending(container["Name"])]

    def container(self, instance: Instance) -> dict[str, Any] | None:
        """Its container, inspected; None if it is gone or ending."""
        container = self._inspected(name_of(instance.stack, instance.address, instance.incarnation))
        return container if container and is_instance(container["Config"]["Labels"] or {}) else None

    def ending_container(self, instance: Instance) -> dict[str, Any] | None:
        """Its container, inspected, if it has begun to end for good."""
        key = (instance.address, instance.incarnation)
        ending = [
            container
            for container in self._api.containers_of(instance.stack)
            if any(map(is_ending, container["Names"]))
        ]
        return next(iter(self._inspected_among(ending, lambda labels: key_of(labels) == key)), None)

    def _instances(self, stack: str, judge: Judge, matches: LabelFilter, *, asking_proxy: bool) -> list[Instance]:
        stack_volumes, stack_containers = self._api.volumes_of(stack), self._api.containers_of(stack)
        annotations = annotations_among(stack_volumes)
        # The first question to a proxy takes as long as all else: a shell in it is opened for that.
        running = proxy_among(stack_containers) if asking_proxy and any(map(is_of_route, annotations)) else None
        pending_state = self._pool.submit(admin.admin_state, self._api, running) if running else None

        def judged(container: dict[str, Any]) -> Instance:
            if is_ending(container["Name"]):
                return _ending(container)
            return _judged(container, annotations.get(key_of(container["Config"]["Labels"])), judge(container))

        containers = list(self._pool.map(judged, self._inspected_among(stack_containers, matches)))
        state = pending_state.result() if pending_state else None
        routes = _routes_among(annotations, containers, state, _running_endpoints(stack_containers))
        return [*volumes_among(stack_volumes, annotations), *with_requests(containers, state), *routes]

    def _inspection(self, name: str, instance: Instance) -> _Inspection | None:
        """Kept for the next looks while it runs and is probed: nothing else changes as quickly."""
        at, container = time.monotonic(), self.container(instance)
        if container is None:
            return None
        annotations = annotations_among(self._api.volumes_of(instance.stack))
        inspection = _Inspection(at, container, annotations.get((instance.address, instance.incarnation)))
        if container["State"]["Status"] == "running" and probe_of(container["Config"]["Labels"]):
            self._running[name] = inspection
        else:
            self._running.pop(name, None)
        return inspection

    def _inspected_among(self, containers: Iterable[Mapping[str, Any]], matches: LabelFilter) -> list[dict[str, Any]]:
        ids = [
            container["Id"]
            for container in containers
            if is_instance(container["Labels"]) and matches(container["Labels"])
        ]
        inspected = self._pool.map(self._inspected, ids)
        return [container for container in inspected if container is not None]

    def _inspected(self, identity: str) -> dict[str, Any] | None:
        try:
            container: dict[str, Any] = self._api.inspect_container(identity)
        except NotFound:
            return None
        return container

    def _probe(self, container: dict[str, Any]) -> None:
        """Probe directly where this machine is on the container's network, else from inside the proxy or itself."""
        labels = container["Config"]["Labels"]
        stack, probe = labels[STACK_LABEL], probe_of(labels)
        network = self._networks.find(stack)
        if network is None or probe is None:
            raise probes.ProbeFailed("its network is gone")
        address = address_in(container, network.name)
        if network.is_near:
            probes.ask(address, probe)
        else:
            asker = running_proxy(self._api, stack) or container["Id"]
            probes.ask_through(self._api, asker, address, probe)


def volumes_among(
    stack_volumes: Iterable[Mapping[str, Any]], annotations: Mapping[Key, Annotation]
) -> Iterable[Instance]:
    """Every volume for data among a stack's volumes."""
    for volume in stack_volumes:
        labels = volume["Labels"] or {}
        if is_instance(labels):
            annotation = annotations.get(key_of(labels))
            yield instance_of(annotation.labels if annotation else labels, Health("healthy", "it is there", now()))


def vanished(resource: Resource) -> ProviderError:
    """What to raise for something that was just made, and is not there."""
    return ProviderError(f"{resource.address} of stack {resource.stack} vanished while it was made: plan again")


def _routes_among(
    annotations: Mapping[Key, Annotation],
    instances: Iterable[Instance],
    state: AdminState | None,
    running: Collection[str],
) -> list[Instance]:
    proxies = [instance for instance in instances if instance.kind == "proxy" and not instance.ending]
    health = proxy_health([instance.health for instance in proxies])
    outputs = next((instance.outputs for instance in proxies if instance.health == health), {})
    known = state if health and health.state == "healthy" else None
    return list(observed_routes(annotations, outputs, known, health, running))


def _running_endpoints(stack_containers: Iterable[Mapping[str, Any]]) -> set[str]:
    """Where the containers that run can be asked, as the engine lists them: their health is not looked at."""
    labels = (
        data_of(container["Labels"])
        for container in stack_containers
        if container["State"] == "running" and is_instance(container["Labels"])
    )
    return {data["outputs"]["endpoint"] for data in labels if "endpoint" in data.get("outputs", {})}


def _judged(container: Mapping[str, Any], annotation: Annotation | None, health: Health) -> Instance:
    """The recorded reason of a stop replaces the exit status, which says less."""
    labels = annotation.labels if annotation else container["Config"]["Labels"]
    reason = annotation.labels.get(FAULT_LABEL) if annotation else None
    if reason and health.state == "failed":
        health = replace(health, reason=reason)
    return replace(instance_of(labels, health), restarts=container.get("RestartCount", 0))


def _ending(container: Mapping[str, Any]) -> Instance:
    return instance_of(container["Config"]["Labels"], Health("ending", "is being removed", now()))
