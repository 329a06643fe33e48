"""The kind `volume`: a volume of one host's engine for data. What is recorded of it is known without its host."""

from collections.abc import Iterable

from docker.errors import NotFound

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.docker.labels import Labels, labels_of, name_of
from tasks.providers.docker.observe import vanished
from tasks.providers.hosts.engines import translated
from tasks.providers.seam.kind import Kind
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.names import MACHINE_LABEL
from tasks.providers.swarm.parts import Parts


class Volumes(Kind):
    """Volumes for data, each on the host that it was made on."""

    def __init__(self, parts: Parts) -> None:
        self._hosts, self._observer = parts.hosts, parts.observer
        self._placing, self._annotations = parts.placing, parts.annotations

    def list(self, stack: str) -> Iterable[Instance]:
        return self._observer.volumes(stack)

    def look(self, instance: Instance) -> Instance | None:
        for volume in self.list(instance.stack):
            if (volume.address, volume.incarnation) == (instance.address, instance.incarnation):
                return volume
        return None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        """Recorded before it is made, so that it is never looked for on another host.

        What was recorded is lost with the last manager, and the data is not: a host that has the volume keeps it.
        """
        key = (resource.address, incarnation)
        record = self._annotations.read(resource.stack, key)
        name = name_of(resource.stack, resource.address, incarnation)
        host = record.labels[MACHINE_LABEL] if record else self._holder(name)
        host = host or self._placing.spread_host(resource, incarnation).host
        labels = labels_of(resource, incarnation, {"path": name})
        self._annotations.put(resource.stack, {**labels, MACHINE_LABEL: host})
        with translated(host):
            self._hosts.engine(host).create_volume(name, labels=labels)
        for volume in self.list(resource.stack):
            if (volume.address, volume.incarnation) == key:
                return volume
        raise vanished(resource)

    def update(self, instance: Instance, resource: Resource) -> None:
        """Only what is recorded of it can change."""
        labels = labels_of(resource, instance.incarnation, instance.outputs)
        self._annotations.put(instance.stack, {**labels, MACHINE_LABEL: self._host_of(instance)})

    def destroy(self, instance: Instance) -> Instance | None:
        """With all data in it. On a host that has left the fleet it stays, and is forgotten."""
        record = self._annotations.read(instance.stack, (instance.address, instance.incarnation))
        if record is None:
            return None
        host = record.labels[MACHINE_LABEL]
        if host in {member.host for member in self._hosts.members()}:
            with translated(host):
                self._remove(host, name_of(instance.stack, instance.address, instance.incarnation))
        self._annotations.remove(instance.stack, (instance.address, instance.incarnation))
        return None

    def _holder(self, name: str) -> str:
        """The ready host that has a volume of this name; empty if none has."""
        had = self._hosts.on_ready(lambda _, engine: _has_volume(engine, name))
        return next((host for host, is_there in had.items() if is_there), "")

    def _remove(self, host: str, name: str) -> None:
        try:
            self._hosts.engine(host).remove_volume(name)
        except NotFound:
            return

    def _host_of(self, instance: Instance) -> str:
        record = self._annotations.read(instance.stack, (instance.address, instance.incarnation))
        if record is None:
            raise ProviderError(f"{instance} of stack {instance.stack} is gone: plan again")
        labels: Labels = record.labels
        return labels[MACHINE_LABEL]


def _has_volume(engine: HostEngine, name: str) -> bool:
    try:
        engine.inspect_volume(name)
    except NotFound:
        return False
    return True
