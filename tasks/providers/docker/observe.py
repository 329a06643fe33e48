"""Read a stack's instances from the engine. Nothing here changes anything."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from docker.errors import NotFound

from infra_specs.resources.instance import Health, Instance
from tasks.base.daemon_pool import DaemonPool
from tasks.providers.docker import probes, proxy, routes
from tasks.providers.docker.annotations import Annotation, Key, annotations_among, read_annotations
from tasks.providers.docker.engine import Engine
from tasks.providers.docker.health import HealthTracker
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
from tasks.providers.docker.removal import is_ending
from tasks.providers.docker.routes import proxy_among
from tasks.providers.docker.volumes import volumes
from tasks.providers.envoy.admin_state import AdminState
from tasks.providers.envoy.route_state import proxy_health

_MAX_PARALLEL_LOOKS = 16
_NOT_PROBED = Health("starting", "not asked", 0.0)
_INSPECTION_SECONDS = 0.25
"""Seconds for which an inspection of a running container is reused between probes."""

Judge = Callable[[dict[str, Any], str], Health]
"""Judges the health of an inspected container of a kind."""
LabelFilter = Callable[[Mapping[str, str]], bool]
"""Selects instances by their labels."""


class Observer:
    """Observes the stacks of one engine; `health_tracker` holds the probe results seen while it is open."""

    def __init__(self, api: Engine, networks: Networks) -> None:
        self._api, self._networks = api, networks
        self.health_tracker = HealthTracker(self._probe)
        self._pool = DaemonPool(_MAX_PARALLEL_LOOKS, "docker-look")
        self._running: dict[str, tuple[float, dict[str, Any]]] = {}

    def close(self) -> None:
        """Stop the threads that ask the engine."""
        self._pool.drop()

    def instances(
        self, stack: str, judge: Judge, matches: LabelFilter = lambda _: True, *, asking_proxy: bool = True
    ) -> list[Instance]:
        """Every instance of a stack, unordered; the selected containers are judged in parallel.

        Without `asking_proxy` no route is known to be healthy.
        """
        stack_volumes, stack_containers = self._api.volumes_of(stack), self._api.containers_of(stack)
        annotations = annotations_among(stack_volumes)
        result = list(volumes(stack_volumes, annotations))
        # The first question to a proxy takes as long as all else: a shell in it is opened for that.
        running = proxy_among(stack_containers) if asking_proxy and any(map(is_of_route, annotations)) else None
        pending_state = self._pool.submit(proxy.view, self._api, running) if running else None

        def judged(container: dict[str, Any]) -> Instance:
            labels = container["Config"]["Labels"]
            annotation = annotations.get(key_of(labels))
            health = _with_stop_reason(judge(container, data_of(labels)["kind"]), annotation)
            return instance_of(annotation.labels if annotation else labels, health)

        result += self._pool.map(judged, self._not_ending_among(stack_containers, matches))
        return result + _routes_of(annotations, result, pending_state)

    def instances_at(self, stack: str, address: str, *, asking_proxy: bool = False) -> list[Instance]:
        """The instances at this address, and all volumes, routes and proxies. Only proxies are probed."""
        return self.instances(
            stack,
            lambda container, kind: self.health_tracker.health(container) if kind == "proxy" else _NOT_PROBED,
            lambda labels: key_of(labels)[0] == address or data_of(labels)["kind"] == "proxy",
            asking_proxy=asking_proxy,
        )

    def containers(self, stack: str, matches: LabelFilter) -> list[dict[str, Any]]:
        """The stack's selected containers, inspected in parallel; those removed meanwhile are left out."""
        return self._not_ending_among(self._api.containers_of(stack), matches)

    def with_ending(self, stack: str, matches: LabelFilter = lambda _: True) -> list[dict[str, Any]]:
        """Like `containers`, including containers that have begun to end."""
        return self._inspected_among(self._api.containers_of(stack), matches)

    def health(self, instance: Instance) -> Health | None:
        """The health of its container; None if it is gone. Between two inspections it is only probed."""
        name = name_of(instance.stack, instance.address, instance.incarnation)
        inspected_at, container = self._running.get(name, (0.0, None))
        if container is None or time.monotonic() - inspected_at > _INSPECTION_SECONDS:
            container = self.container(instance)
            if container is None:
                return None
            if container["State"]["Status"] == "running" and probe_of(container["Config"]["Labels"]):
                self._running[name] = time.monotonic(), container
            else:
                self._running.pop(name, None)
        health = self.health_tracker.health(container)
        if health.state != "failed":
            return health
        return _with_stop_reason(
            health, read_annotations(self._api, instance.stack).get((instance.address, instance.incarnation))
        )

    def container(self, instance: Instance) -> dict[str, Any] | None:
        """Its container, inspected; None if it is gone."""
        container = self._inspected(name_of(instance.stack, instance.address, instance.incarnation))
        return container if container and is_instance(container["Config"]["Labels"] or {}) else None

    def _not_ending_among(self, containers: Iterable[Mapping[str, Any]], matches: LabelFilter) -> list[dict[str, Any]]:
        return [
            container for container in self._inspected_among(containers, matches) if not is_ending(container["Name"])
        ]

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
            asker = routes.running_proxy(self._api, stack) or container["Id"]
            probes.ask_through(self._api, asker, address, probe)


def _routes_of(
    annotations: Mapping[Key, Annotation],
    instances: Iterable[Instance],
    pending_state: Future[AdminState | None] | None,
) -> list[Instance]:
    proxies = [instance for instance in instances if instance.kind == "proxy"]
    health = proxy_health([instance.health for instance in proxies])
    outputs = next((instance.outputs for instance in proxies if instance.health == health), {})
    state = pending_state.result() if pending_state and health and health.state == "healthy" else None
    return list(routes.observed(annotations, outputs, state, health))


def _with_stop_reason(health: Health, annotation: Annotation | None) -> Health:
    """The recorded reason of a stop replaces the exit status, which says less."""
    reason = annotation.labels.get(FAULT_LABEL) if annotation else None
    return replace(health, reason=reason) if reason and health.state == "failed" else health
