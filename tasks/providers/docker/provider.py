"""The docker target: everything of a stack is in the engine, known by its labels, and nothing is kept elsewhere.

Containers, volumes and networks carry the labels; routes and what changes later are annotations (`annotations`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import BinaryIO

from docker.errors import APIError, NotFound

from infra_specs.advice.rightsizing import Usage
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from infra_specs.scaling.node_capacity import FreeMemory
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker import proxy, routes, start
from tasks.providers.docker.annotations import put_annotation, read_annotations, remove_annotation_of
from tasks.providers.docker.builds import Builder
from tasks.providers.docker.engine import connect, ours, said
from tasks.providers.docker.execute import execute
from tasks.providers.docker.images import Images
from tasks.providers.docker.kinds import CONTAINER_KINDS
from tasks.providers.docker.labels import (
    FAULT_LABEL,
    STACK_LABEL,
    instance_of,
    key_of,
    labels_of,
    name_of,
    only,
    with_fault,
)
from tasks.providers.docker.network import Networks
from tasks.providers.docker.observe import Observer
from tasks.providers.docker.ports import ports_of
from tasks.providers.docker.removal import end, is_ending, stop
from tasks.providers.docker.sweep import sweep
from tasks.providers.docker.usage import free_memory, uses
from tasks.providers.docker.volumes import make_volume, remove_volume
from tasks.providers.seam.builds import BuildRequest, BuiltImage
from tasks.providers.seam.provider import KindProvider
from tasks.providers.seam.traffic import Traffic


class DockerProvider(KindProvider):
    """A `Provider` that `Drains` and `Counts`, for the engine that the target names."""

    target = "docker"

    def __init__(self, target: Docker) -> None:
        super().__init__({})
        self.traffic = self.host = self.shell = self.images = self
        self._api = connect(target.host)
        self._networks = Networks(self._api)
        self._routes = routes.Routes(self._api)
        self._images = images = Images(self._api)
        self._builder = Builder(self._api, images, target)
        self._starter = start.Starter(self._api, target, images, self._networks, self._routes)
        self._observer = Observer(self._api, self._networks)

    @ours
    def stacks(self) -> tuple[str, ...]:
        """Every stack with something of ours in the engine, sorted."""
        found = {each["Labels"][STACK_LABEL] for each in self._api.containers(all=True, filters=only())}
        found |= {each["Labels"][STACK_LABEL] for each in self._api.volumes(filters=only())["Volumes"] or ()}
        return tuple(sorted(found))

    @ours
    def observe(self, stack: str) -> tuple[Instance, ...]:
        """Everything of this stack, health included, asked of all at once.

        One that no longer answers is asked again before that is called a failure, which takes some seconds.
        """
        found = self._observer.instances(
            stack, lambda container, _: self._observer.health_tracker.settled_health(container)
        )
        return tuple(sorted(found, key=lambda instance: (instance.address, instance.incarnation)))

    @ours
    def create(self, resource: Resource) -> Instance:
        """Make it exist; returns when it is started, its image pulled if need be.

        A singleton resource's earlier incarnations are stopped first, and kept.
        """
        if resource.kind in ("volume", "route"):
            return self._record(resource)
        if resource.kind not in CONTAINER_KINDS:
            raise ProviderError(f"{resource.address}: the docker target has no kind {resource.kind}")
        there = self._observer.with_ending(resource.stack, lambda labels: key_of(labels)[0] == resource.address)
        for container in there:
            if is_ending(container["Name"]):
                end(self._api, container, resource.kind)
        earlier = [each for each in there if not is_ending(each["Name"])]
        known = [
            (each, instance_of(each["Config"]["Labels"], self._observer.health_tracker.health(each)))
            for each in earlier
        ]
        for container, instance in known:
            if instance.fingerprint == resource.fingerprint:
                if container["State"]["Status"] == "created" and not container["State"]["Error"]:
                    self._starter.finish(container, resource, instance.incarnation)
                    return self._found(resource, instance.incarnation)
                if not instance.failed:
                    return instance
        for container, instance in known:
            if instance.failed or resource.singleton:
                stop(self._api, container["Id"], instance.kind)
        incarnation = max((instance.incarnation for _, instance in known), default=0) + 1
        # Noted of one that went behind our back: it would overrule the labels of the new one.
        remove_annotation_of(self._api, resource.stack, (resource.address, incarnation))
        return self._started(self._starter.start(resource, incarnation))

    @ours
    def update(self, instance: Instance, resource: Resource) -> Instance:
        """Routes change in place, and a proxy's listeners; of volumes and containers only what is said of them."""
        if instance.kind == "route":
            self._routes.change(resource, instance.incarnation)
            return self._found(resource, instance.incarnation)
        there = {
            (each.address, each.incarnation): each
            for each in self._observer.instances_at(instance.stack, instance.address)
        }
        if (instance.address, instance.incarnation) not in there:
            raise ProviderError(f"{instance} of stack {instance.stack} is gone: plan again")
        if instance.kind in ("volume", "proxy") or instance.digests == resource.digests:
            outputs = there[instance.address, instance.incarnation].outputs
            if instance.kind == "proxy":
                outputs = self._change_listeners(instance, resource)
            labels = labels_of(resource, instance.incarnation, outputs)
            before = read_annotations(self._api, instance.stack).get((instance.address, instance.incarnation))
            put_annotation(self._api, instance.stack, labels, before)
        else:
            raise ProviderError(f"{instance}: a {instance.kind} cannot be changed in place here: replace it")
        return self._found(resource, instance.incarnation)

    @ours
    def destroy(self, instance: Instance) -> None:
        """Remove it; returns when it is gone. What nobody needs any more after it goes with the next sweep."""
        key = (instance.address, instance.incarnation)
        if instance.kind == "route":
            self._routes.remove(instance.stack, key)
            return
        if instance.kind == "volume":
            remove_volume(self._api, instance)
        elif (container := self._observer.container(instance)) is not None:
            end(self._api, container, instance.kind)
        remove_annotation_of(self._api, instance.stack, key)

    @ours
    def stop(self, instance: Instance, why: str) -> None:
        """Stop its container, which keeps its log."""
        if (container := self._observer.container(instance)) is None:
            return
        stop(self._api, container["Id"], instance.kind)
        before = read_annotations(self._api, instance.stack).get((instance.address, instance.incarnation))
        labels = before.labels if before else container["Config"]["Labels"]
        if labels.get(FAULT_LABEL) == why:
            return
        put_annotation(self._api, instance.stack, with_fault(labels, why), before)

    @ours
    def sweep(self, stack: str) -> None:
        """End what began to end, and leave nothing behind that no instance needs."""
        sweep(self._api, self._networks, self._routes, stack)

    @ours
    def look(self, instance: Instance) -> Instance | None:
        """The same incarnation as it is now. A route is as well as what the proxy knows of it."""
        if instance.kind in ("volume", "route"):
            for each in self._observer.instances_at(instance.stack, instance.address, asking_proxy=True):
                if (each.address, each.incarnation) == (instance.address, instance.incarnation):
                    return each
        elif health := self._observer.health(instance):
            return replace(instance, health=health)
        return None

    @ours
    def logs(self, instance: Instance, lines: int) -> str:
        """The last lines it wrote; volumes and routes write none."""
        if instance.kind in ("volume", "route") or not lines:
            return ""
        try:
            name = name_of(instance.stack, instance.address, instance.incarnation)
            return bytes(self._api.logs(name, tail=lines)).decode(errors="replace")
        except NotFound:
            return ""
        except APIError as error:
            if "marked for removal" in said(error):
                return ""
            raise

    @ours
    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        """Run it in the instance's container."""
        container = self._observer.container(instance)
        if container is None or not container["State"]["Running"]:
            raise ProviderError(f"{instance} of stack {instance.stack} is no container that runs: name one that does")
        return execute(self._api, container["Id"], command, terminal=terminal)

    def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
        """Comes with the shell part of this target."""
        raise NotImplementedError

    @ours
    def in_flight(self, instance: Instance) -> int:
        """Requests that the proxy has running in it, those from before it was taken out of its route included."""
        endpoint = instance.outputs.get("endpoint")
        view = self._routes.admin_state(instance.stack) if endpoint else None
        return view.in_flight(endpoint) if view and endpoint else 0

    @ours
    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        """What the stack's proxy counted, by service."""
        found = routes.running_proxy(self._api, stack)
        counts = proxy.traffic(self._api, found) if found else {}
        return {name: {"proxy/main": counted} for name, counted in counts.items()}

    @ours
    def uses(self, stack: str) -> Mapping[str, Usage]:
        """Memory of every container, by address."""
        running = [one for one in self._observer.containers(stack, lambda _: True) if one["State"]["Running"]]
        named = [(key_of(one["Config"]["Labels"])[0], one["Id"]) for one in running]
        return uses(named, lambda id: self._api.stats(id, stream=False, one_shot=True))

    @ours
    def free_memory(self) -> Mapping[str, FreeMemory]:
        """Of the engine's machine, if that is this one."""
        memory = free_memory(self._api.base_url, self._api.info)
        return {"engine": memory} if memory else {}

    @ours
    def image_id(self, name: str, *, pull: bool) -> str | None:
        """Of what has this name in the engine, with `pull` got there first."""
        return self._images.id_of(name, pull=pull)

    @ours
    def built(self, request: BuildRequest) -> BuiltImage:
        """What there is of an image that is to be built."""
        return self._builder.built(request)

    @ours
    def build(self, request: BuildRequest, say: Callable[[str], None]) -> str:
        """The id of an image, built if need be; the last few of a service stay."""
        return self._builder.build(request, say)

    @ours
    def build_warning(self, request: BuildRequest) -> str:
        """A sentence about files of the context that are hardly meant to be in an image, or an empty text."""
        return self._builder.warning(request)

    @ours
    def forget_built(self, stack: str) -> None:
        """Remove what was built for a stack and is not run from."""
        self._builder.forget(stack)

    def close(self) -> None:
        """Give back the connections to the engine."""
        self._observer.close()
        self._api.close()

    def _record(self, resource: Resource) -> Instance:
        """Make what is no container: a volume or a route."""
        at_rest = self._observer.instances_at(resource.stack, resource.address)
        there = [each for each in at_rest if each.address == resource.address]
        for instance in there:
            if instance.fingerprint == resource.fingerprint and not instance.failed:
                return instance
        incarnation = max((each.incarnation for each in there), default=0) + 1
        if resource.kind == "volume":
            remove_annotation_of(self._api, resource.stack, (resource.address, incarnation))
            make_volume(self._api, resource, incarnation)
        else:
            self._routes.add(resource, incarnation)
        return self._found(resource, incarnation)

    def _change_listeners(self, instance: Instance, resource: Resource) -> Mapping[str, str]:
        """All that can change of a proxy here; where it is reached from then on."""
        container = self._observer.container(instance)
        if container is None:
            raise ProviderError(f"{instance} of stack {instance.stack} is gone: plan again")
        doors = ports_of(container)
        proxy.change_listeners(self._api, container["Id"], resource, doors)
        return doors.outputs(resource, self._starter.outside)

    def _started(self, identity: str) -> Instance:
        """A container that was just made, of which nothing is noted yet."""
        container = self._api.inspect_container(identity)
        return instance_of(container["Config"]["Labels"], self._observer.health_tracker.health(container))

    def _found(self, resource: Resource, incarnation: int) -> Instance:
        key = (resource.address, incarnation)
        if resource.kind in ("volume", "route"):
            at_rest = self._observer.instances_at(resource.stack, resource.address)
            found = [each for each in at_rest if (each.address, each.incarnation) == key]
        else:
            notes = read_annotations(self._api, resource.stack)
            found = [
                instance_of(notes[key].labels if key in notes else labels, self._observer.health_tracker.health(each))
                for each in self._observer.containers(resource.stack, lambda labels: key_of(labels) == key)
                for labels in [each["Config"]["Labels"]]
            ]
        for instance in found:
            return instance
        raise ProviderError(f"{resource.address} of stack {resource.stack} vanished while it was changed: plan again")
