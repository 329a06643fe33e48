"""The driver of the kinds that are a service of one task: replicas, databases, caches, queues, servers of files.

What runs is what the docker target runs. The host is chosen here; once the task has it, only data keeps it, so that the
Swarm can move the others when their host dies.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from infra_specs.errors import ProviderError, TransientError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.base.log_lines import READ_BYTES, last_lines
from tasks.base.poll import wait_until
from tasks.providers.docker.containers.container import Container, DesiredContainer, Settings, as_label
from tasks.providers.docker.engine.images import brings_init
from tasks.providers.docker.labels import PROBE_LABEL, Labels, host_of, labels_of, with_fault
from tasks.providers.hosts.engines import translated
from tasks.providers.seam.kind import Kind, refusal
from tasks.providers.swarm import task_list
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.managers import ApiObject, Managers
from tasks.providers.swarm.names import service_name
from tasks.providers.swarm.parts import Parts
from tasks.providers.swarm.service_spec import (
    HOST_CONSTRAINT,
    STOPPED_CONSTRAINT,
    ServiceParts,
    constraints_of,
    is_stopped,
    node_of,
    service_spec,
    with_constraints,
)

PLACED_SECONDS = 10.0
"""How long the Swarm may take until a new task has its host. Later the sweep frees it."""
END_SECONDS = 90.0
"""How long a service may take to end, its grace included."""
_OWN_OUTPUT = "endpoint"
"""It is the task's, and known once there is one."""


class Services(Kind):
    """Services of these kinds, each on the network of its stack."""

    def __init__(self, kinds: Mapping[str, Settings], parts: Parts) -> None:
        self._kinds, self._parts = kinds, parts
        self._hosts, self._observer = parts.hosts, parts.observer
        self._managers: Managers = parts.hosts.managers

    def list(self, stack: str) -> Iterable[Instance]:
        return [instance for instance in self._observer.instances(stack) if instance.kind in self._kinds]

    def look(self, instance: Instance) -> Instance | None:
        return self._observer.look(instance)

    def create(self, resource: Resource, incarnation: int) -> Instance:
        """Returns when its task has a host, its image pulled to every host if need be."""
        desired = self._kinds[resource.kind](resource, "")
        bound = self._parts.placing.bound_host(resource)
        image = self._parts.images.need(resource.settings)
        member = bound or self._parts.placing.spread_host(resource, incarnation)
        outputs = {name: value for name, value in desired.outputs.items() if name != _OWN_OUTPUT}
        parts = self.service_parts(resource, incarnation, desired, (f"{HOST_CONSTRAINT}{member.node}",), outputs)
        container = without_second_init(desired.container, self._parts.images.words(image))
        spec = service_spec(container, image, parts)
        self.make(spec, resource)
        if bound is None:
            release(self._managers, parts.name)
        return self.made(resource, incarnation)

    def update(self, instance: Instance, resource: Resource) -> None:
        """Only what is recorded of it can change."""
        if instance.digests != resource.digests:
            raise refusal(instance)
        outputs = {name: value for name, value in instance.outputs.items() if name != _OWN_OUTPUT}
        self.relabel(instance, labels_of(resource, instance.incarnation, outputs))

    def destroy(self, instance: Instance) -> Instance | None:
        """Returns when nothing of it runs any more on a host that answers."""
        name = service_name(instance.stack, instance.address, instance.incarnation)
        left = _containers(self._managers.tasks_of(name))
        self._managers.remove(lambda engine: engine.remove_service(name))  # type: ignore[no-untyped-call]
        self._await_gone(left)
        return None

    def stop(self, instance: Instance, why: str) -> None:
        """Let no host run it any more. Its last container stays, and with it its log.

        One that waits for the host of its data is left, unless there is a reason to end it: no successor can stand.
        """
        name = service_name(instance.stack, instance.address, instance.incarnation)
        if not why and self._waits_for_its_host(name):
            return

        def stopped(spec: ApiObject) -> ApiObject:
            labels = with_fault(spec["Labels"], why) if why else {}
            return with_constraints({**spec, "Labels": {**spec["Labels"], **labels}}, [STOPPED_CONSTRAINT])

        self._managers.change_service(name, stopped)
        if wait_until(lambda: _on_ready(self._managers, self._hosts, name), lambda left: not left, END_SECONDS):
            raise TransientError(f"{instance} of stack {instance.stack} does not end within {END_SECONDS:g} s.")

    def logs(self, instance: Instance, lines: int) -> str:
        name = service_name(instance.stack, instance.address, instance.incarnation)
        last = task_list.last_container(self._managers.tasks_of(name))
        member = self._hosts.by_node().get(last[0]) if last else None
        return log_of(self._hosts, member.host, last[1], lines) if last and member else ""

    def service_parts(
        self,
        resource: Resource,
        incarnation: int,
        desired: DesiredContainer,
        constraints: tuple[str, ...],
        outputs: Mapping[str, str],
    ) -> ServiceParts:
        """What a new service has besides its container."""
        labels: Labels = labels_of(resource, incarnation, outputs)
        if desired.probe is not None:
            labels[PROBE_LABEL] = as_label(desired.probe)
        return ServiceParts(
            service_name(resource.stack, resource.address, incarnation),
            labels,
            self._parts.overlays.need(resource.stack).id,
            (host_of(resource.address), *desired.aliases),
            self._parts.secrets.make(resource.stack, labels, desired.container.files),
            constraints,
        )

    def make(self, spec: ApiObject, resource: Resource) -> None:
        """Make a service; one of this name that is there already must be the same."""
        if self._managers.make(lambda engine: engine.make_service(spec)):
            return
        existing = self._managers.service(spec["Name"])
        own = ("tenfold.stack", "tenfold.address", "tenfold.fingerprint")
        if existing is None or any(existing["Spec"]["Labels"].get(label) != spec["Labels"][label] for label in own):
            raise ProviderError(f"{resource.address}: a service that is not ours is called {spec['Name']}: remove it")

    def made(self, resource: Resource, incarnation: int) -> Instance:
        """The instance that was just made."""
        name = service_name(resource.stack, resource.address, incarnation)
        if (service := self._managers.service(name)) is None:
            raise ProviderError(f"{resource.address} of stack {resource.stack} vanished while it was made: plan again")
        return self._observer.begun(service, self._managers.tasks_of(name))

    def relabel(self, instance: Instance, labels: Labels) -> None:
        """Change what is recorded of a service. Its task goes on."""
        name = service_name(instance.stack, instance.address, instance.incarnation)
        self._managers.change_service(name, lambda spec: {**spec, "Labels": {**spec["Labels"], **labels}})

    def _waits_for_its_host(self, name: str) -> bool:
        """Whether a service is bound to a host that is not ready."""
        service = self._managers.service(name)
        node = node_of(service["Spec"]) if service else None
        return node is not None and node not in {member.node for member in self._hosts.members() if member.is_ready}

    def _await_gone(self, containers: Collection[tuple[str, str]]) -> None:
        by_node = self._hosts.by_node()
        waiting = [(by_node[node].host, id) for node, id in containers if node in by_node and by_node[node].is_ready]

        def left() -> list[tuple[str, str]]:
            return [(host, id) for host, id in waiting if _is_there(self._hosts, host, id)]

        if wait_until(left, lambda containers: not containers, END_SECONDS):
            raise TransientError(f"a container of what was removed does not end within {END_SECONDS:g} s.")


def release(managers: Managers, name: str) -> None:
    """Once a service's task has its host, let the Swarm move it when that host dies. The task stays as it is."""

    def has_host() -> bool:
        current = task_list.current_task(managers.tasks_of(name))
        return current is not None and bool(current.get("NodeID"))

    if wait_until(has_host, bool, PLACED_SECONDS):
        managers.change_service(name, unbound)


def unbound(spec: ApiObject) -> ApiObject:
    """A service without a host of its own."""
    kept = [constraint for constraint in constraints_of(spec) if not constraint.startswith(HOST_CONSTRAINT)]
    return spec if is_stopped(spec) else with_constraints(spec, kept)


def without_second_init(container: Container, words: tuple[str, ...]) -> Container:
    """An image with an init of its own gets no other one. `words`: what it starts by itself."""
    own = container.entrypoint or words
    return replace(container, init=container.init and not brings_init((*own, *(container.command or ()))))


def log_of(hosts: SwarmHosts, host: str, container: str, lines: int) -> str:
    """The last lines of a container's log; empty if it is gone, or its host does not answer."""
    try:
        with translated(host):
            data = bytes(hosts.engine(host).logs(container, tail=lines))
    except TransientError:
        raise
    except ProviderError:
        return ""
    return last_lines(data[-READ_BYTES:], lines, whole=len(data) <= READ_BYTES)


def _containers(tasks: Iterable[ApiObject]) -> list[tuple[str, str]]:
    return [(task["NodeID"], id) for task in tasks if (id := task_list.container_of(task)) and task.get("NodeID")]


def _on_ready(managers: Managers, hosts: SwarmHosts, name: str) -> list[ApiObject]:
    """The tasks of a service that have not ended, on hosts that are ready."""
    ready = {member.node for member in hosts.members() if member.is_ready}
    return [task for task in task_list.running_tasks(managers.tasks_of(name)) if task["NodeID"] in ready]


def _is_there(hosts: SwarmHosts, host: str, container: str) -> bool:
    try:
        with translated(host):
            hosts.engine(host).inspect_container(container)
    except ProviderError:
        return False  # it is gone, or its host is, and will end it when it is back
    return True
