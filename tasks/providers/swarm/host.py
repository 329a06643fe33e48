"""The part `host`: memory that is free on each host, and what a stack's programs use there."""

import shlex
from collections.abc import Mapping
from typing import Any

from infra_specs.advice.rightsizing import Usage
from infra_specs.errors import ProviderError
from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory
from tasks.providers import machine
from tasks.providers.docker.engine.client import Listed
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.host import used_memory
from tasks.providers.docker.labels import is_instance, key_of
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.managers import Member
from tasks.ssh.connections import Connections

_SECONDS = 5.0


class SwarmHost:
    """The hosts of a fleet."""

    def __init__(self, hosts: SwarmHosts, connections: Connections) -> None:
        self._hosts = hosts
        self._listed = {host.name: host for host in connections.hosts}
        self._connections = connections

    def free_memory(self) -> Mapping[str, FreeMemory]:
        """Of every ready host that answers, by its name."""
        with translated():
            outcomes = self._hosts.outcomes(lambda member, _: self._free_memory(member))
        return {host: memory for host, memory in outcomes.items() if isinstance(memory, FreeMemory)}

    def free_disks(self) -> Mapping[str, FreeDisk]:
        """Of the disk that the engine of every ready host that answers has its volumes on, by the host's name."""
        with translated():
            outcomes = self._hosts.outcomes(self._free_disk)
        return {host: disk for host, disk in outcomes.items() if isinstance(disk, FreeDisk)}

    def queue_memory(self, stack: str) -> tuple[int, int] | None:  # noqa: ARG002
        """Nobody outside the stack's network can ask it."""
        return None

    def uses(self, stack: str) -> Mapping[str, Usage]:
        """Memory of every container that runs, by address; of a proxy on each host the largest."""
        with translated():
            outcomes = self._hosts.outcomes(lambda _, engine: _uses(engine, stack))
        uses: dict[str, Usage] = {}
        for outcome in outcomes.values():
            for address, usage in () if isinstance(outcome, ProviderError) else outcome:
                uses[address] = max(usage, uses.get(address, usage), key=lambda item: item.memory or 0)
        return uses

    def _free_memory(self, member: Member) -> FreeMemory | None:
        connection = self._connections.to(self._listed[member.host])
        return machine.memory_in(connection.run("cat /proc/meminfo", timeout=_SECONDS).text)

    def _free_disk(self, member: Member, engine: HostEngine) -> FreeDisk | None:
        folder = shlex.quote(engine.info()["DockerRootDir"])
        connection = self._connections.to(self._listed[member.host])
        return machine.disk_in(connection.run(f"df -P -k {folder}", timeout=_SECONDS).text)


def _uses(engine: HostEngine, stack: str) -> list[tuple[str, Usage]]:
    return [
        (key_of(container["Labels"])[0], Usage(memory=used_memory(_stats(engine, container["Id"]))))
        for container in _running(engine.containers_of(stack))
    ]


def _running(containers: Listed) -> Listed:
    return [item for item in containers if item["State"] == "running" and is_instance(item["Labels"])]


def _stats(engine: HostEngine, id: str) -> Mapping[str, Any]:
    stats: Mapping[str, Any] = engine.stats(id, stream=False, one_shot=True)
    return stats
