"""The kinds that run: database, cache, queue, files, proxy, replica, job and front, each a process that the stack's
supervisor keeps.

A supervisor that was killed with its guardian is started again by whoever asks next: only so is known what still runs,
and what should run runs again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.sharing.front import FRONT_KIND
from tasks.providers.labels import instance_of, labels_of, name_of
from tasks.providers.local import ports
from tasks.providers.local.accounts import identity
from tasks.providers.local.files import files_of, remove_any, remove_tree
from tasks.providers.local.kinds.database import database
from tasks.providers.local.kinds.files import files
from tasks.providers.local.kinds.front import front, front_health, lead
from tasks.providers.local.kinds.job import job
from tasks.providers.local.kinds.proxy import listen, proxy, public_health
from tasks.providers.local.kinds.replica import replica
from tasks.providers.local.kinds.route import forget_endpoint
from tasks.providers.local.kinds.valkey import cache, queue
from tasks.providers.local.stack_folder import StackFolder, slug, stack_folder_of
from tasks.providers.local.stack_supervisor import statuses_of, supervisor_of
from tasks.providers.local.sweep import clear, sweep
from tasks.providers.seam.kind import Kind, refusal
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Process, Status

_PROCESS_OF: Mapping[str, Callable[[StackFolder, Resource, int], Process]] = {
    "database": database,
    "cache": cache,
    "queue": queue,
    "files": files,
    "proxy": proxy,
    "replica": replica,
    "job": job,
    FRONT_KIND: front,
}
KINDS = tuple(_PROCESS_OF)
_HEALTH_OF = {"proxy": public_health, FRONT_KIND: front_health}
"""Of kinds that serve ports which their supervisor does not ask."""


class Processes(Kind):
    """The driver of every kind that runs, in the stacks below `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def list(self, stack: str) -> Iterable[Instance]:
        stack_folder = stack_folder_of(self._home, stack)
        return tuple(_instance(stack_folder, status) for status in statuses_of(stack_folder))

    def look(self, instance: Instance) -> Instance | None:
        stack_folder = stack_folder_of(self._home, instance.stack)
        supervisor = supervisor_of(stack_folder)
        status = supervisor.get(_name(instance)) if supervisor else None
        return _instance(stack_folder, status) if status else None

    def create(self, resource: Resource, incarnation: int) -> Instance:
        stack_folder = stack_folder_of(self._home, resource.stack)
        identity.prepare(stack_folder)
        try:
            process = _PROCESS_OF[resource.kind](stack_folder, resource, incarnation)
            return _labelled(Supervisor(stack_folder.supervisor).renewed().put(process))
        except (ProviderError, OSError):
            clear(stack_folder)
            raise

    def update(self, instance: Instance, resource: Resource) -> None:
        """What a proxy or a front listens on changes in place; of the others only their labels."""
        stack_folder = stack_folder_of(self._home, instance.stack)
        if instance.kind == "proxy":
            outputs: Mapping[str, str] = listen(stack_folder, resource, running=True)
        elif instance.kind == FRONT_KIND:
            outputs = lead(stack_folder, resource, running=True)
        elif instance.digests == resource.digests:
            outputs = instance.outputs
        else:
            raise refusal(instance)
        if supervisor := supervisor_of(stack_folder):
            supervisor.label(_name(instance), labels_of(resource, instance.incarnation, outputs))

    def destroy(self, instance: Instance) -> Instance | None:
        """Returns when it is gone. With the last of a stack its supervisor and its folder go too."""
        stack_folder = stack_folder_of(self._home, instance.stack)
        if not stack_folder.exists:
            return None
        if supervisor := supervisor_of(stack_folder):
            supervisor.remove(_name(instance))
        with stack_folder.locked():
            self._forget(stack_folder, instance)
        sweep(self._home, instance.stack)
        return None

    def stop(self, instance: Instance, why: str) -> None:
        if supervisor := supervisor_of(stack_folder_of(self._home, instance.stack)):
            supervisor.stop(_name(instance))
            status = supervisor.get(_name(instance)) if why else None
            if status:
                supervisor.label(_name(instance), {**status.process.labels, "fault": why})

    def logs(self, instance: Instance, lines: int) -> str:
        supervisor = supervisor_of(stack_folder_of(self._home, instance.stack))
        return supervisor.logs(_name(instance), lines) if supervisor else ""

    def _forget(self, stack_folder: StackFolder, instance: Instance) -> None:
        """Its files, its ports and its endpoint; with the last proxy the files that proxies read."""
        for path in files_of(stack_folder.settings, slug(instance.address, instance.incarnation)):
            remove_any(path)
        ports.release(self._home, stack_folder.stack, _name(instance))
        if endpoint := instance.outputs.get("endpoint"):
            forget_endpoint(stack_folder, endpoint)
        if instance.kind == "proxy" and not any(other.kind == "proxy" for other in self.list(stack_folder.stack)):
            remove_tree(stack_folder.proxy)


def _name(instance: Instance) -> str:
    return name_of(instance.address, instance.incarnation)


def _labelled(status: Status) -> Instance:
    """What its supervisor says of a process; one that was stopped has failed, for the reason it was stopped for."""
    state = "failed" if status.state == "stopped" else status.state
    fault = status.process.labels.get("fault") if state == "failed" else ""
    health = Health(state, fault or status.reason, status.since, status.code)
    return replace(instance_of(status.process.labels, health), restarts=status.restarts)


def _instance(stack_folder: StackFolder, status: Status) -> Instance:
    """The same, with what the supervisor does not ask for: whether it serves its ports beyond loopback."""
    instance = _labelled(status)
    if health := _HEALTH_OF.get(instance.kind):
        return replace(instance, health=health(stack_folder, instance, status.pid))
    return instance
