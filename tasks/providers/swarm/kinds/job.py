"""The kind `job`: a plain container on one host, in the stack's network. It is never started again, nor moved."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.docker.containers.removal import end, stop
from tasks.providers.docker.containers.start import Starter
from tasks.providers.docker.engine.client import Listed
from tasks.providers.docker.engine.images import EngineImages
from tasks.providers.docker.kinds.job import job
from tasks.providers.docker.labels import data_of, is_instance, key_of, with_fault
from tasks.providers.docker.observe import vanished
from tasks.providers.hosts.engines import translated
from tasks.providers.seam.kind import Kind
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.kinds.services import log_of
from tasks.providers.swarm.parts import Parts


class Jobs(Kind):
    """Jobs, on whichever hosts they were begun."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._hosts, self._observer = parts, parts.hosts, parts.observer
        self._annotations = parts.annotations

    def list(self, stack: str) -> Iterable[Instance]:
        for host, container in self._containers(stack):
            annotation = self._annotations.read(stack, key_of(container["Labels"]))
            if instance := self._observer.job(host, container["Id"], annotation):
                yield instance

    def look(self, instance: Instance) -> Instance | None:
        annotation = self._annotations.read(instance.stack, (instance.address, instance.incarnation))
        for host, id in self._found(instance):
            return self._observer.job(host, id, annotation)
        return None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        """Returns when it is started, its image pulled to every host if need be."""
        self._annotations.remove(resource.stack, (resource.address, incarnation))
        id = self._parts.images.need(resource.settings)
        member = self._parts.placing.bound_host(resource) or self._parts.placing.spread_host(resource, incarnation)
        with translated(member.host):
            container = self._starter(member.host).start(_with_image(resource, id), incarnation)
        if begun := self._observer.job(member.host, container, None):
            return begun
        raise vanished(resource)

    def destroy(self, instance: Instance) -> Instance | None:
        """Returns when it is gone."""
        for host, id in self._found(instance):
            with translated(host):
                engine = self._hosts.engine(host)
                end(engine, engine.inspect_container(id), instance.kind)
        self._annotations.remove(instance.stack, (instance.address, instance.incarnation))
        return None

    def stop(self, instance: Instance, why: str) -> None:
        """Stop its container, which keeps its log."""
        for host, id in self._found(instance):
            with translated(host):
                engine = self._hosts.engine(host)
                stop(engine, id, instance.kind, failed=instance.failed)
                labels = engine.inspect_container(id)["Config"]["Labels"]
            if why:
                self._annotations.put(instance.stack, with_fault(labels, why))

    def finish(self, instance: Instance, resource: Resource) -> Instance | None:
        """Start a container that was created and never started."""
        for host, id in self._found(instance):
            with translated(host):
                container = self._hosts.engine(host).inspect_container(id)
                if container["State"]["Status"] != "created" or container["State"]["Error"]:
                    return None
                image = self._parts.images.need(resource.settings)
                self._starter(host).finish(container, _with_image(resource, image), instance.incarnation)
        return self.look(instance)

    def logs(self, instance: Instance, lines: int) -> str:
        return "".join(log_of(self._hosts, host, id, lines) for host, id in self._found(instance))

    def _starter(self, host: str) -> Starter:
        engine = self._hosts.engine(host)
        return Starter(engine, EngineImages(engine), self._parts.overlays, {"job": job})

    def _found(self, instance: Instance) -> Sequence[tuple[str, str]]:
        """Host and id of its container."""
        key = (instance.address, instance.incarnation)
        return [
            (host, container["Id"])
            for host, container in self._containers(instance.stack)
            if key_of(container["Labels"]) == key
        ]

    def _containers(self, stack: str) -> Iterator[tuple[str, dict[str, Any]]]:
        def listed(engine: HostEngine) -> Listed:
            return [container for container in engine.containers_of(stack) if _is_job(container)]

        for host, containers in self._hosts.on_ready(lambda _, engine: listed(engine)).items():
            yield from ((host, container) for container in containers)


def _is_job(container: Mapping[str, Any]) -> bool:
    return is_instance(container["Labels"]) and data_of(container["Labels"])["kind"] == "job"


def _with_image(resource: Resource, id: str) -> Resource:
    """The resource with the image that every host has, by its id."""
    return replace(resource, settings={**resource.settings, "image": id, "image_id": id})
