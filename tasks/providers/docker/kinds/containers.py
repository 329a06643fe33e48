"""The driver of the kinds that are a container and nothing else: replicas, jobs, databases, caches, queues,
servers of files.

The services of the catalogue run from the official images' contracts: names of variables, paths, users, ports.
"""

from collections.abc import Collection, Iterable, Mapping

from docker.errors import APIError, NotFound

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.base.log_lines import READ_BYTES, last_lines
from tasks.providers.docker.annotations import Annotations
from tasks.providers.docker.containers.removal import end, stop
from tasks.providers.docker.containers.start import Starter
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import engine_message
from tasks.providers.docker.labels import FAULT_LABEL, labels_of, name_of, with_fault
from tasks.providers.docker.observe import Observer
from tasks.providers.seam.kind import Kind, refusal


class Containers(Kind):
    """Containers of these kinds, each on the network of its stack."""

    def __init__(
        self, kinds: Collection[str], api: Engine, annotations: Annotations, observer: Observer, starter: Starter
    ) -> None:
        self._kinds = kinds
        self._api, self._annotations, self._observer, self._starter = api, annotations, observer, starter

    def list(self, stack: str) -> Iterable[Instance]:
        return [instance for instance in self._observer.instances(stack) if instance.kind in self._kinds]

    def look(self, instance: Instance) -> Instance | None:
        return self._observer.look(instance)

    def create(self, resource: Resource, incarnation: int) -> Instance:
        """Returns when it is started, its image pulled if need be."""
        # An annotation of one that was removed by others would override the labels of the new one.
        self._annotations.remove(resource.stack, (resource.address, incarnation))
        return self._observer.started(self._starter.start(resource, incarnation))

    def update(self, instance: Instance, resource: Resource) -> None:
        """Only what is recorded of it can change."""
        if instance.digests != resource.digests:
            raise refusal(instance)
        self._record(instance, resource, instance.outputs)

    def destroy(self, instance: Instance) -> Instance | None:
        """Returns when it is gone. What nobody needs any more after it goes with the next sweep."""
        with self._observer.changing(instance):
            if container := self._observer.container(instance) or self._observer.ending_container(instance):
                end(self._api, container, instance.kind)
            self._annotations.remove(instance.stack, (instance.address, instance.incarnation))
        return None

    def stop(self, instance: Instance, why: str) -> None:
        """Stop its container, which keeps its log."""
        if (container := self._observer.container(instance)) is None:
            return
        with self._observer.changing(instance):
            stop(self._api, container["Id"], instance.kind, failed=instance.failed)
            if why:
                self._note_reason(instance, container["Config"]["Labels"], why)

    def finish(self, instance: Instance, resource: Resource) -> Instance | None:
        """Start a container that was created and never started."""
        container = self._observer.container(instance)
        if container is None or container["State"]["Status"] != "created" or container["State"]["Error"]:
            return None
        with self._observer.changing(instance):
            self._starter.finish(container, resource, instance.incarnation)
        return self.look(instance)

    def logs(self, instance: Instance, lines: int) -> str:
        name = name_of(instance.stack, instance.address, instance.incarnation)
        try:
            data = bytes(self._api.logs(name, tail=lines))  # of the 30 MB that a container keeps
        except NotFound:
            return ""
        except APIError as error:
            if "marked for removal" in engine_message(error):
                return ""
            raise
        return last_lines(data[-READ_BYTES:], lines, whole=len(data) <= READ_BYTES)

    def _record(self, instance: Instance, resource: Resource, outputs: Mapping[str, str]) -> None:
        with self._observer.changing(instance):
            self._annotations.put(instance.stack, labels_of(resource, instance.incarnation, outputs))

    def _note_reason(self, instance: Instance, labels: Mapping[str, str], why: str) -> None:
        annotation = self._annotations.read(instance.stack, (instance.address, instance.incarnation))
        labels = annotation.labels if annotation else labels
        if labels.get(FAULT_LABEL) != why:
            self._annotations.put(instance.stack, with_fault(labels, why))
