"""What the engine holds of a stack, as it is asked; nothing here changes anything."""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from docker.errors import NotFound

from infra_specs.resources.instance import Health, Instance
from tasks.base.daemon_pool import DaemonPool
from tasks.providers.docker import probes, proxy, routes
from tasks.providers.docker.annotations import Key, Note, notes_among, read_notes
from tasks.providers.docker.engine import Engine
from tasks.providers.docker.health import States
from tasks.providers.docker.labels import (
    fault_label,
    instance_of,
    is_instance,
    is_of_route,
    key_of,
    known_by,
    name_of,
    probe_of,
    stack_label,
)
from tasks.providers.docker.network import Networks, address_in
from tasks.providers.docker.removal import is_ending
from tasks.providers.docker.routes import proxy_among
from tasks.providers.docker.volumes import volumes
from tasks.providers.envoy.admin_state import View
from tasks.providers.envoy.route_state import proxy_health

_at_once = 16
_not_asked = Health("starting", "not asked", 0.0)
_moment_seconds = 0.25
"""So long it is believed that a container still runs while it is asked again and again whether it answers."""

Judge = Callable[[dict[str, Any], str], Health]
"""The health of a container (inspected) of a kind."""
Wanted = Callable[[Mapping[str, str]], bool]
"""Whether an instance of these labels is meant."""


class World:
    """One engine's stacks; what was seen of containers while it is open is in `states`."""

    def __init__(self, api: Engine, networks: Networks) -> None:
        self._api, self._networks = api, networks
        self.states = States(self._ask)
        self._pool = DaemonPool(_at_once, "docker-look")
        self._running: dict[str, tuple[float, dict[str, Any]]] = {}

    def close(self) -> None:
        """Nothing is asked any more."""
        self._pool.drop()

    def instances(
        self, stack: str, judge: Judge, wanted: Wanted = lambda _: True, *, asking_proxy: bool = True
    ) -> list[Instance]:
        """Everything of a stack in no order, all containers that are meant judged at once.

        Without asking the proxy no route is known to be healthy.
        """
        held, listed = self._api.volumes_of(stack), self._api.containers_of(stack)
        notes = notes_among(held)
        found = list(volumes(held, notes))
        # The first question to a proxy takes as long as all else: a shell in it is opened for that.
        running = proxy_among(listed) if asking_proxy and any(map(is_of_route, notes)) else None
        view = self._pool.submit(proxy.view, self._api, running) if running else None

        def judged(container: dict[str, Any]) -> Instance:
            labels = container["Config"]["Labels"]
            note = notes.get(key_of(labels))
            health = _as_noted(judge(container, known_by(labels)["kind"]), note)
            return instance_of(note.labels if note else labels, health)

        found += self._pool.map(judged, self._at_rest_among(listed, wanted))
        return found + _routes_of(notes, found, view)

    def at_rest(self, stack: str, address: str, *, asking_proxy: bool = False) -> list[Instance]:
        """What has this address, and volumes, routes and proxies; only proxies are looked at for how they are."""
        return self.instances(
            stack,
            lambda container, kind: self.states.health(container) if kind == "proxy" else _not_asked,
            lambda labels: key_of(labels)[0] == address or known_by(labels)["kind"] == "proxy",
            asking_proxy=asking_proxy,
        )

    def containers(self, stack: str, wanted: Wanted) -> list[dict[str, Any]]:
        """The stack's instances that are containers, inspected all at once; those that go meanwhile are left out."""
        return self._at_rest_among(self._api.containers_of(stack), wanted)

    def with_ending(self, stack: str, wanted: Wanted = lambda _: True) -> list[dict[str, Any]]:
        """The same, and those that have begun to end."""
        return self._inspected_among(self._api.containers_of(stack), wanted)

    def health(self, instance: Instance) -> Health | None:
        """How its container is; None if it is gone. Between two looks at it, it is only asked."""
        name = name_of(instance.stack, instance.address, instance.incarnation)
        seen, container = self._running.get(name, (0.0, None))
        if container is None or time.monotonic() - seen > _moment_seconds:
            container = self.container(instance)
            if container is None:
                return None
            if container["State"]["Status"] == "running" and probe_of(container["Config"]["Labels"]):
                self._running[name] = time.monotonic(), container
            else:
                self._running.pop(name, None)
        health = self.states.health(container)
        if health.state != "failed":
            return health
        return _as_noted(health, read_notes(self._api, instance.stack).get((instance.address, instance.incarnation)))

    def container(self, instance: Instance) -> dict[str, Any] | None:
        """Its container, inspected; None if it is gone."""
        found = self._inspected(name_of(instance.stack, instance.address, instance.incarnation))
        return found if found and is_instance(found["Config"]["Labels"] or {}) else None

    def _at_rest_among(self, listed: Iterable[Mapping[str, Any]], wanted: Wanted) -> list[dict[str, Any]]:
        return [each for each in self._inspected_among(listed, wanted) if not is_ending(each["Name"])]

    def _inspected_among(self, listed: Iterable[Mapping[str, Any]], wanted: Wanted) -> list[dict[str, Any]]:
        meant = [each["Id"] for each in listed if is_instance(each["Labels"]) and wanted(each["Labels"])]
        found = self._pool.map(self._inspected, meant)
        return [each for each in found if each is not None]

    def _inspected(self, identity: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._api.inspect_container(identity)
        except NotFound:
            return None
        return found

    def _ask(self, container: dict[str, Any]) -> None:
        """Directly where this machine is on the container's network, else from inside the proxy or itself."""
        labels = container["Config"]["Labels"]
        stack, probe = labels[stack_label], probe_of(labels)
        network = self._networks.find(stack)
        if network is None or probe is None:
            raise probes.Unwell("its network is gone")
        address = address_in(container, network.name)
        if network.is_near:
            probes.ask(address, probe)
        else:
            asker = routes.running_proxy(self._api, stack) or container["Id"]
            probes.ask_through(self._api, asker, address, probe)


def _routes_of(
    notes: Mapping[Key, Note], found: Iterable[Instance], asked: Future[View | None] | None
) -> list[Instance]:
    proxies = [each for each in found if each.kind == "proxy"]
    health = proxy_health([each.health for each in proxies])
    outputs = next((each.outputs for each in proxies if each.health == health), {})
    view = asked.result() if asked and health and health.state == "healthy" else None
    return list(routes.observed(notes, outputs, view, health))


def _as_noted(health: Health, note: Note | None) -> Health:
    """Why it was stopped says more than how it ended then."""
    why = note.labels.get(fault_label) if note else None
    return replace(health, reason=why) if why and health.state == "failed" else health
