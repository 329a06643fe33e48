"""The kind `volume`: a volume of the engine for data, which outlives everything else of its stack."""

from collections.abc import Iterable

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.docker.annotations import Annotations, annotations_among
from tasks.providers.docker.containers.removal import ignore_missing
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.labels import labels_of, name_of
from tasks.providers.docker.observe import vanished, volumes_among
from tasks.providers.seam.kind import Kind


class Volumes(Kind):
    """Volumes for data. The engine's own driver knows no size: the disk is the limit."""

    def __init__(self, api: Engine, annotations: Annotations) -> None:
        self._api, self._annotations = api, annotations

    def list(self, stack: str) -> Iterable[Instance]:
        stack_volumes = self._api.volumes_of(stack)
        return volumes_among(stack_volumes, annotations_among(stack_volumes))

    def look(self, instance: Instance) -> Instance | None:
        return self._volume(instance.stack, instance.address, instance.incarnation)

    def create(self, resource: Resource, incarnation: int) -> Instance:
        # An annotation of one that was removed by others would override the labels of the new one.
        self._annotations.remove(resource.stack, (resource.address, incarnation))
        name = name_of(resource.stack, resource.address, incarnation)
        self._api.create_volume(name, labels=labels_of(resource, incarnation, {"path": name}))
        if volume := self._volume(resource.stack, resource.address, incarnation):
            return volume
        raise vanished(resource)

    def update(self, instance: Instance, resource: Resource) -> None:
        """Only what is recorded of it can change."""
        self._annotations.put(instance.stack, labels_of(resource, instance.incarnation, instance.outputs))

    def destroy(self, instance: Instance) -> Instance | None:
        """With all data in it."""
        name = name_of(instance.stack, instance.address, instance.incarnation)
        ignore_missing(lambda: self._api.remove_volume(name))
        self._annotations.remove(instance.stack, (instance.address, instance.incarnation))
        return None

    def _volume(self, stack: str, address: str, incarnation: int) -> Instance | None:
        for instance in self.list(stack):
            if (instance.address, instance.incarnation) == (address, incarnation):
                return instance
        return None
