"""The part `host`: memory that containers use, as `docker stats` counts it, and what is free beside them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from infra_specs.advice.rightsizing import Usage
from infra_specs.resources.address import Address
from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory
from tasks.providers import machine
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.kinds import valkey
from tasks.providers.docker.labels import STACK_LABEL, key_of
from tasks.providers.docker.network import Networks, address_in
from tasks.providers.docker.observe import Observer
from tasks.providers.valkey import memory_used, written_to_queues

_MACHINE = "engine"
"""The name of the only machine."""


class DockerHost:
    """The machine of the engine, and what runs on it."""

    def __init__(self, api: Engine, networks: Networks, observer: Observer) -> None:
        self._api, self._networks, self._observer = api, networks, observer

    def free_memory(self) -> Mapping[str, FreeMemory]:
        """Of the engine's machine, if that is this one."""
        with translated():
            memory = free_memory(self._api.base_url, self._api.info)
        return {_MACHINE: memory} if memory else {}

    def free_disks(self) -> Mapping[str, FreeDisk]:
        """Of the disk that the engine has its volumes on, if its machine is this one."""
        with translated():
            if free_memory(self._api.base_url, self._api.info) is None:
                return {}
            disk = machine.free_disk(Path(self._api.info()["DockerRootDir"]))
        return {_MACHINE: disk} if disk else {}

    def queue_memory(self, stack: str) -> tuple[int, int] | None:
        """As its Valkey says; None, too, where the engine's networks are out of reach."""
        with translated():
            for container in self._observer.containers(stack):
                if container["State"]["Running"] and _kind_of(container) == "queue":
                    address = self._near_address(container)
                    return memory_used(address, valkey.PORT) if address else None
        return None

    def uses(self, stack: str) -> Mapping[str, Usage]:
        """Memory of every container that runs, by address."""
        with translated():
            running = [container for container in self._observer.containers(stack) if container["State"]["Running"]]
            return dict(self._usage(container) for container in running)

    def _usage(self, container: Mapping[str, Any]) -> tuple[str, Usage]:
        address, _ = key_of(container["Config"]["Labels"])
        memory = used_memory(self._stats(container["Id"]))
        writes = self._queue_writes(container) if Address.parse(address).kind == "cache" else None
        return address, Usage(memory=memory, queue_writes=writes)

    def _queue_writes(self, container: Mapping[str, Any]) -> int | None:
        """None, too, where the engine's networks are out of reach."""
        address = self._near_address(container)
        return written_to_queues(address, valkey.PORT) if address else None

    def _near_address(self, container: Mapping[str, Any]) -> str | None:
        """Where it answers; None where its network is out of reach: another machine may have the address here."""
        network = self._networks.find(container["Config"]["Labels"][STACK_LABEL])
        return address_in(container, network.name) if network is not None and network.is_near else None

    def _stats(self, id: str) -> Mapping[str, Any]:
        stats: Mapping[str, Any] = self._api.stats(id, stream=False, one_shot=True)
        return stats


def _kind_of(container: Mapping[str, Any]) -> str:
    return Address.parse(key_of(container["Config"]["Labels"])[0]).kind


def used_memory(stats: Mapping[str, Any]) -> int | None:
    """Bytes without the files that the kernel only keeps at hand; None for a container that does not run."""
    counted = stats.get("memory_stats") or {}
    if "usage" not in counted:
        return None
    details = counted.get("stats") or {}
    at_hand = details.get("inactive_file", details.get("total_inactive_file", 0))
    return max(0, int(counted["usage"]) - int(at_hand))


def free_memory(base_url: str, info: Callable[[], Mapping[str, Any]]) -> FreeMemory | None:
    """Of the machine of the engine at `base_url`, if that is this one: the engine only tells how much it has in all.

    A socket may lead elsewhere (into Docker Desktop's machine, through SSH), which then has another size.
    """
    if not base_url.startswith(("http+docker:", "unix:")) or (memory := machine.free_memory()) is None:
        return None
    return memory if info().get("MemTotal") == memory.total else None
