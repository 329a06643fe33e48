"""The embedded target: one supervisor a stack, everything of a stack in one folder.

The world is asked, not a file of state: of processes their supervisor, of volumes and routes (which have no process)
the records that are themselves part of them. A supervisor that was killed with its guardian is started again by
whoever observes next: only so is known what still runs, and what should run runs again.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ParamSpec, TypeVar

from infra_specs.advice.rightsizing import Use
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.scaling.node_capacity import FreeMemory
from tasks.providers import machine
from tasks.providers.base import Traffic
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import accounts, admin, identity, ports
from tasks.providers.local.cache import cache
from tasks.providers.local.database import client_environment, database
from tasks.providers.local.execute import execute
from tasks.providers.local.files import files_of, make_folder, remove_tree
from tasks.providers.local.observe import (
    holds_something,
    instance_from,
    processes_of,
    routes_of,
    statuses_of,
    supervisor_of,
)
from tasks.providers.local.proxy import listen, proxy
from tasks.providers.local.replica import fault, job, replica
from tasks.providers.local.route import forget_endpoint, put_route, remove_route
from tasks.providers.local.stack_folder import Place, places, slug
from tasks.providers.local.usage import uses
from tasks.providers.local.volume import put_volume, remove_volume, volumes
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Process

_processes: Mapping[str, Callable[[Place, Resource, int], Process]] = {
    "database": database,
    "cache": cache,
    "proxy": proxy,
    "replica": replica,
    "job": job,
}
_recorded: Mapping[str, Callable[[Place, Resource, int], None]] = {"volume": put_volume, "route": put_route}

P = ParamSpec("P")
R = TypeVar("R")


def _ours(verb: Callable[P, R]) -> Callable[P, R]:
    """What the operating system refuses becomes ours here: a full disk, a folder of somebody else's."""

    @functools.wraps(verb)
    def told(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return verb(*args, **kwargs)
        except OSError as error:
            path = f" {error.filename}" if error.filename else ""
            raise ProviderError(f"the local target could not use{path}: {error.strerror or error}") from error

    return told


class LocalProvider:
    """A `Provider` that `Drains`, `Counts` and `Executes`.

    `home` is made where it is missing, for its owner alone as far as possible.
    """

    @_ours
    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        if not self._home.is_dir():
            self._home.parent.mkdir(parents=True, exist_ok=True)
            make_folder(self._home)

    @_ours
    def stacks(self) -> tuple[str, ...]:
        """Every stack with something of ours here, sorted."""
        return tuple(place.stack for place in places(self._home) if holds_something(place))

    @_ours
    def observe(self, stack: str) -> tuple[Instance, ...]:
        """Everything of this stack, health included. Starts the supervisor where it was killed, and nothing else."""
        place = self._place(stack)
        found = [*volumes(place)]
        found += processes_of(place)
        found += routes_of(place, found)
        return tuple(sorted(found, key=lambda instance: (instance.address, instance.incarnation)))

    @_ours
    def create(self, resource: Resource) -> Instance:
        """Make it exist; returns at once. An exclusive resource's earlier incarnations are stopped first, and kept."""
        if resource.kind not in _processes and resource.kind not in _recorded:
            raise ProviderError(f"{resource.address}: the local target has no kind {resource.kind}")
        place = self._place(resource.stack)
        with place.locked():
            earlier = [each for each in self.observe(resource.stack) if each.address == resource.address]
            for instance in earlier:
                if instance.fingerprint == resource.fingerprint and not instance.failed:
                    return instance
            incarnation = max((each.incarnation for each in earlier), default=0) + 1
            identity.prepare(place)
            if put := _recorded.get(resource.kind):
                put(place, resource, incarnation)
                return self._found(resource, incarnation)
            try:
                return self._start(place, resource, incarnation, earlier)
            except (ProviderError, OSError):
                self._sweep(place)
                raise

    @_ours
    def update(self, instance: Instance, resource: Resource) -> Instance:
        """Routes and volumes change in place, a proxy's ports too; of the others only what is said of them."""
        place = self._place(instance.stack)
        with place.locked():
            if not any(_same(each, instance) for each in self.observe(instance.stack)):
                raise ProviderError(f"{instance} of stack {instance.stack} is gone: plan again")
            if put := _recorded.get(instance.kind):
                put(place, resource, instance.incarnation)
            elif instance.kind == "proxy":
                outputs = listen(place, resource, running=True)
                _label(place, instance, resource, outputs)
            elif instance.digests == resource.digests:
                _label(place, instance, resource, instance.outputs)
            else:
                raise ProviderError(f"{instance}: a {instance.kind} cannot be changed in place here: replace it")
            return self._found(resource, instance.incarnation)

    @_ours
    def destroy(self, instance: Instance) -> None:
        """Remove it; returns when it is gone. With the last of a stack its supervisor and its folder go too."""
        place = self._place(instance.stack)
        if not place.exists:
            return
        if instance.kind in _recorded:
            with place.locked():
                remove = remove_volume if instance.kind == "volume" else remove_route
                remove(place, instance.address, instance.incarnation)
        else:
            self._end(place, instance)
        self.sweep(instance.stack)

    @_ours
    def sweep(self, stack: str) -> None:
        """Without processes no supervisor, and with nothing no folder and no account."""
        place = self._place(stack)
        if place.exists:
            with place.locked():
                self._sweep(place)
        for left in [self._place(name) for name in accounts.stacks_of(self._home)]:
            if not holds_something(left):
                with left.locked():
                    self._sweep(left)

    @_ours
    def stop(self, instance: Instance, why: str) -> None:
        """Stop its process, which stays listed with its log."""
        if supervisor := supervisor_of(self._place(instance.stack)):
            name = name_of(instance.address, instance.incarnation)
            supervisor.stop(name)
            if status := supervisor.get(name):
                supervisor.label(name, {**status.process.labels, "fault": why})

    @_ours
    def health(self, instance: Instance) -> Health:
        """How it is now. A route is as well as what the proxy knows of it."""
        if instance.kind in _recorded:
            found = self.observe(instance.stack)
        else:
            found = processes_of(self._place(instance.stack))
        for each in found:
            if _same(each, instance):
                return each.health
        return Health("failed", "it is gone", instance.health.since)

    @_ours
    def logs(self, instance: Instance, lines: int) -> str:
        """The last lines it wrote; volumes and routes write none."""
        place = self._place(instance.stack)
        supervisor = supervisor_of(place)
        return supervisor.logs(name_of(instance.address, instance.incarnation), lines) if supervisor else ""

    @_ours
    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        """Run it where the process of this instance runs, with what it was given; `terminal`: at one of its own."""
        supervisor = supervisor_of(self._place(instance.stack))
        status = supervisor.get(name_of(instance.address, instance.incarnation)) if supervisor else None
        if status is None:
            raise ProviderError(f"{instance} of stack {instance.stack} is no process that runs: name one that is")
        known = client_environment(self._place(instance.stack), instance) if instance.kind == "database" else {}
        return execute(status.process, command, known, terminal=terminal)

    @_ours
    def in_flight(self, instance: Instance) -> int:
        """Requests that the proxy has running in it, those from before it was taken out of its route included."""
        endpoint = instance.outputs.get("endpoint")
        view = admin.view(self._place(instance.stack).proxy) if endpoint else None
        return view.in_flight(endpoint) if view and endpoint else 0

    @_ours
    def traffic(self, stack: str) -> Mapping[str, Traffic]:
        """What the stack's proxy counted, by service."""
        return admin.traffic(self._place(stack).proxy)

    @_ours
    def uses(self, stack: str) -> Mapping[str, Use]:
        """Memory of what runs, disk of what is kept, by address."""
        place = self._place(stack)
        return uses(statuses_of(place), volumes(place))

    @_ours
    def fault(self, resource: Resource) -> str:
        """Why it can never start here, or nothing."""
        return fault(self._place(resource.stack), resource)

    def limit(self) -> str:
        """Programs of the stack that run as who runs us."""
        return identity.limit()

    def free_memory(self) -> FreeMemory | None:
        """Of this machine."""
        return machine.free_memory()

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _place(self, stack: str) -> Place:
        """Raises ProviderError where something else is in place of the stack's folder: nothing could be seen in it."""
        place = Place(self._home, stack)
        if place.path.exists() and not place.path.is_dir():
            raise ProviderError(f"{place.path} is no folder, and the stack's things belong in it. Remove it.")
        return place

    def _start(self, place: Place, resource: Resource, incarnation: int, earlier: list[Instance]) -> Instance:
        # Before anything is chosen for the new one: it may want the port that the old one holds.
        for instance in earlier:
            if (instance.failed or resource.exclusive) and (supervisor := supervisor_of(place)):
                supervisor.stop(name_of(instance.address, instance.incarnation))
        process = _processes[resource.kind](place, resource, incarnation)
        return instance_from(Supervisor(place.supervisor).renewed().put(process))

    def _found(self, resource: Resource, incarnation: int) -> Instance:
        for instance in self.observe(resource.stack):
            if instance.address == resource.address and instance.incarnation == incarnation:
                return instance
        raise ProviderError(f"{resource.address} of stack {resource.stack} vanished while it was changed: plan again")

    def _end(self, place: Place, instance: Instance) -> None:
        name = name_of(instance.address, instance.incarnation)
        if supervisor := supervisor_of(place):
            supervisor.remove(name)
        with place.locked():
            for path in files_of(place.settings, slug(instance.address, instance.incarnation)):
                path.unlink(missing_ok=True)
            ports.release(self._home, place.stack, name)
            if endpoint := instance.outputs.get("endpoint"):
                forget_endpoint(place, endpoint)
            if instance.kind == "proxy" and not any(each.kind == "proxy" for each in self.observe(place.stack)):
                remove_tree(place.proxy)

    def _sweep(self, place: Place) -> None:
        """Leave nothing behind that no instance needs."""
        supervisor = supervisor_of(place) or Supervisor.find(place.supervisor)
        if supervisor and not supervisor.list():
            supervisor.shutdown()
            remove_tree(place.supervisor)
        if not holds_something(place):
            # Before the folder: its lock is what keeps a stack that is made at this moment from losing its account.
            accounts.remove(self._home, place.stack)
            place.remove()
            ports.release(self._home, place.stack)


def _label(place: Place, instance: Instance, resource: Resource, outputs: Mapping[str, str]) -> None:
    if supervisor := supervisor_of(place):
        name = name_of(instance.address, instance.incarnation)
        supervisor.label(name, labels_of(resource, instance.incarnation, outputs))


def _same(one: Instance, other: Instance) -> bool:
    return (one.address, one.incarnation) == (other.address, other.incarnation)
