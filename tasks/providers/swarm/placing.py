"""On which host a new thing of a stack runs: where its data lies, or else where the fewest of its like are."""

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from docker.errors import NotFound

from infra_specs.errors import ProviderError
from infra_specs.fleet.placement import chosen_host
from infra_specs.resources.resource import Resource
from infra_specs.resources.services import service_of
from tasks.providers.docker.annotations import annotations_in
from tasks.providers.docker.labels import STACK_LABEL, data_of, is_instance, key_of
from tasks.providers.hosts.engines import translated
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.managers import ApiObject, Member
from tasks.providers.swarm.names import MACHINE_LABEL, is_volume
from tasks.providers.swarm.service_spec import is_stopped, node_of
from tasks.providers.swarm.store import texts_of
from tasks.providers.swarm.task_list import current_task

Placed = dict[tuple[str, str], str]
"""Group and name -> host."""
_REMEMBERED_SECONDS = 30.0
"""Until then the Swarm knows of what was given a host."""


class Placing:
    """Gives hosts to new things. What it gave is remembered while it is open, as long as the Swarm does not know it."""

    def __init__(self, hosts: SwarmHosts) -> None:
        self._hosts, self._managers = hosts, hosts.managers
        self._guard = threading.Lock()
        self._given: dict[tuple[str, str], tuple[str, float]] = {}

    def bound_host(self, resource: Resource) -> Member | None:
        """The host that the volumes of a resource lie on; None if it has none.

        Raises ProviderError for a volume that is not there, for volumes of several hosts, and for a host that is not
        ready.
        """
        volumes = volumes_of(resource.settings)
        if not volumes:
            return None
        records = annotations_in(texts_of(self._managers.configs(resource.stack)).values()).values()
        places = {
            data_of(record.labels)["outputs"].get("path"): record.labels.get(MACHINE_LABEL, "")
            for record in records
            if is_volume(record.labels)
        }
        for name in volumes:
            if name not in places:
                raise ProviderError(f"{resource.address}: its volume {name} is not there: make the volume first")
        hosts = sorted({places[name] for name in volumes})
        if len(hosts) > 1:
            raise ProviderError(f"{resource.address}: its volumes lie on several hosts ({', '.join(hosts)})")
        member = self._ready_host(resource, hosts[0])
        self._require_volumes(resource, member, volumes)
        return member

    def spread_host(self, resource: Resource, incarnation: int) -> Member:
        """The ready host with the fewest of its like, but for those that leave. TransientError if there is none."""
        with self._guard:
            ready, group = self._hosts.open(), group_of(resource.stack, resource.address)
            given = {
                key: host for key, (host, at) in self._given.items() if time.monotonic() - at < _REMEMBERED_SECONDS
            }
            name = chosen_host([member.host for member in ready], group, {**given, **self.placed()})
            self._given[group, f"{resource.address}#{incarnation}"] = name, time.monotonic()
            return next(member for member in ready if member.host == name)

    def placed(self, stack: str | None = None) -> Placed:
        """The host of every service's task, of a stack or of all."""
        members, tasks = self._hosts.by_node(), self._managers.tasks()
        return dict(_placed(self._managers.services(stack), tasks, members))

    def _require_volumes(self, resource: Resource, member: Member, volumes: Iterable[str]) -> None:
        """An engine would make an empty one that is nobody's in place of one that was removed."""
        with translated(member.host):
            for name in volumes:
                try:
                    self._hosts.engine(member.host).inspect_volume(name)
                except NotFound:
                    raise ProviderError(
                        f"{resource.address}: its volume {name} was removed from {member.host}: restore a backup"
                    ) from None

    def _ready_host(self, resource: Resource, host: str) -> Member:
        for member in self._hosts.members():
            if member.host == host and member.is_ready:
                return member
        raise ProviderError(
            f"{resource.address}: its data lies on {host}, which is not ready: tenfold hosts FILE says what is wrong"
        )


def group_of(stack: str, address: str) -> str:
    """What is spread together: the copies of a service."""
    return f"{stack} {service_of(address) or address}"


def volumes_of(settings: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the volumes that a resource's settings name."""
    named = (settings.get("volume"), *(settings.get("volumes") or {}).values())
    return tuple(str(name) for name in named if name is not None)


def _placed(
    services: Iterable[ApiObject], tasks: Mapping[str, list[ApiObject]], members: Mapping[str, Member]
) -> Iterable[tuple[tuple[str, str], str]]:
    for service in services:
        spec = service["Spec"]
        labels = spec["Labels"] or {}
        if not is_instance(labels) or "Global" in spec["Mode"] or is_stopped(spec):
            continue
        current = current_task(tasks.get(service["ID"], ()))
        node = (current or {}).get("NodeID") or node_of(spec)
        if member := members.get(node or ""):
            address, incarnation = key_of(labels)
            yield (group_of(labels[STACK_LABEL], address), f"{address}#{incarnation}"), member.host
