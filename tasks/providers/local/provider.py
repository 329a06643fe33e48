"""The embedded target: one supervisor a stack, everything of a stack in one folder.

The world is asked, not a file of state: of processes their supervisor, of volumes and routes (which have no process)
the records that are themselves part of them. A supervisor that was killed with its guardian is started again by
whoever observes next: only so is known what still runs, and what should run runs again.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from infra_specs.advice.rightsizing import Usage
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from infra_specs.scaling.node_capacity import FreeMemory
from tasks.providers import machine
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import ports
from tasks.providers.local.accounts import identity, stack_accounts
from tasks.providers.local.commands.execute import execute
from tasks.providers.local.envoy import admin
from tasks.providers.local.files import files_of, make_folder, remove_tree
from tasks.providers.local.host import uses
from tasks.providers.local.kinds.cache import cache
from tasks.providers.local.kinds.database import client_environment, database
from tasks.providers.local.kinds.proxy import listen, proxy
from tasks.providers.local.kinds.replica import fault, job, replica
from tasks.providers.local.kinds.route import forget_endpoint, put_route, remove_route
from tasks.providers.local.kinds.volume import put_volume, remove_volume, volumes
from tasks.providers.local.observe import (
    holds_something,
    instance_from,
    processes_of,
    routes_of,
    statuses_of,
    supervisor_of,
)
from tasks.providers.local.stack_folder import StackFolder, slug, stack_folders
from tasks.providers.seam.provider import KindProvider
from tasks.providers.seam.traffic import Traffic
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Process

_PROCESS_KINDS: Mapping[str, Callable[[StackFolder, Resource, int], Process]] = {
    "database": database,
    "cache": cache,
    "proxy": proxy,
    "replica": replica,
    "job": job,
}
_RECORD_KINDS: Mapping[str, Callable[[StackFolder, Resource, int], None]] = {"volume": put_volume, "route": put_route}

P = ParamSpec("P")
R = TypeVar("R")


def _ours(verb: Callable[P, R]) -> Callable[P, R]:
    """What the operating system refuses becomes ours here: a full disk, a folder of somebody else's."""

    @functools.wraps(verb)
    def translated(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return verb(*args, **kwargs)
        except OSError as error:
            path = f" {error.filename}" if error.filename else ""
            raise ProviderError(f"the local target could not use{path}: {error.strerror or error}") from error

    return translated


class LocalProvider(KindProvider):
    """A `Provider` that `Drains`, `Counts` and `Executes`.

    `home` is made where it is missing, for its owner alone as far as possible.
    """

    target = "local"

    @_ours
    def __init__(self, home: Path) -> None:
        super().__init__({})
        self.traffic = self.host = self.shell = self
        self._home = home.absolute()
        if not self._home.is_dir():
            self._home.parent.mkdir(parents=True, exist_ok=True)
            make_folder(self._home)

    @_ours
    def stacks(self) -> tuple[str, ...]:
        """Every stack with something of ours here, sorted."""
        return tuple(stack_folder.stack for stack_folder in stack_folders(self._home) if holds_something(stack_folder))

    @_ours
    def observe(self, stack: str) -> tuple[Instance, ...]:
        """Everything of this stack, health included. Starts the supervisor where it was killed, and nothing else."""
        stack_folder = self._stack_folder(stack)
        result = [*volumes(stack_folder)]
        result += processes_of(stack_folder)
        result += routes_of(stack_folder, result)
        return tuple(sorted(result, key=lambda instance: (instance.address, instance.incarnation)))

    @_ours
    def create(self, resource: Resource) -> Instance:
        """Make it exist; returns at once. A singleton resource's earlier incarnations are stopped first, and kept."""
        if resource.kind not in _PROCESS_KINDS and resource.kind not in _RECORD_KINDS:
            raise ProviderError(f"{resource.address}: the local target has no kind {resource.kind}")
        stack_folder = self._stack_folder(resource.stack)
        with stack_folder.locked():
            earlier = [each for each in self.observe(resource.stack) if each.address == resource.address]
            for instance in earlier:
                if instance.fingerprint == resource.fingerprint and not instance.failed:
                    return instance
            incarnation = max((each.incarnation for each in earlier), default=0) + 1
            identity.prepare(stack_folder)
            if put := _RECORD_KINDS.get(resource.kind):
                put(stack_folder, resource, incarnation)
                return self._found(resource, incarnation)
            try:
                return self._start(stack_folder, resource, incarnation, earlier)
            except (ProviderError, OSError):
                self._sweep(stack_folder)
                raise

    @_ours
    def update(self, instance: Instance, resource: Resource) -> Instance:
        """Routes and volumes change in place, a proxy's ports too; of the others only what is said of them."""
        stack_folder = self._stack_folder(instance.stack)
        with stack_folder.locked():
            if not any(_same(existing, instance) for existing in self.observe(instance.stack)):
                raise ProviderError(f"{instance} of stack {instance.stack} is gone: plan again")
            if put := _RECORD_KINDS.get(instance.kind):
                put(stack_folder, resource, instance.incarnation)
            elif instance.kind == "proxy":
                outputs = listen(stack_folder, resource, running=True)
                _label(stack_folder, instance, resource, outputs)
            elif instance.digests == resource.digests:
                _label(stack_folder, instance, resource, instance.outputs)
            else:
                raise ProviderError(f"{instance}: a {instance.kind} cannot be changed in place here: replace it")
            return self._found(resource, instance.incarnation)

    @_ours
    def destroy(self, instance: Instance) -> None:
        """Remove it; returns when it is gone. With the last of a stack its supervisor and its folder go too."""
        stack_folder = self._stack_folder(instance.stack)
        if not stack_folder.exists:
            return
        if instance.kind in _RECORD_KINDS:
            with stack_folder.locked():
                remove = remove_volume if instance.kind == "volume" else remove_route
                remove(stack_folder, instance.address, instance.incarnation)
        else:
            self._end(stack_folder, instance)
        self.sweep(instance.stack)

    @_ours
    def sweep(self, stack: str) -> None:
        """Without processes no supervisor, and with nothing no folder and no account."""
        stack_folder = self._stack_folder(stack)
        if stack_folder.exists:
            with stack_folder.locked():
                self._sweep(stack_folder)
        for other in [self._stack_folder(name) for name in stack_accounts.stacks_of(self._home)]:
            if not holds_something(other):
                with other.locked():
                    self._sweep(other)

    @_ours
    def stop(self, instance: Instance, why: str) -> None:
        """Stop its process, which stays listed with its log."""
        if supervisor := supervisor_of(self._stack_folder(instance.stack)):
            name = name_of(instance.address, instance.incarnation)
            supervisor.stop(name)
            if status := supervisor.get(name):
                supervisor.label(name, {**status.process.labels, "fault": why})

    @_ours
    def look(self, instance: Instance) -> Instance | None:
        """The same incarnation as it is now. A route is as well as what the proxy knows of it."""
        if instance.kind in _RECORD_KINDS:
            instances = self.observe(instance.stack)
        else:
            instances = processes_of(self._stack_folder(instance.stack))
        for current in instances:
            if _same(current, instance):
                return current
        return None

    @_ours
    def logs(self, instance: Instance, lines: int) -> str:
        """The last lines it wrote; volumes and routes write none."""
        stack_folder = self._stack_folder(instance.stack)
        supervisor = supervisor_of(stack_folder)
        return supervisor.logs(name_of(instance.address, instance.incarnation), lines) if supervisor else ""

    @_ours
    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        """Run it where the process of this instance runs, with what it was given; `terminal`: at one of its own."""
        supervisor = supervisor_of(self._stack_folder(instance.stack))
        status = supervisor.get(name_of(instance.address, instance.incarnation)) if supervisor else None
        if status is None:
            raise ProviderError(f"{instance} of stack {instance.stack} is no process that runs: name one that is")
        client_env = (
            client_environment(self._stack_folder(instance.stack), instance) if instance.kind == "database" else {}
        )
        return execute(status.process, command, client_env, terminal=terminal)

    def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
        """Comes with the shell part of this target."""
        raise NotImplementedError

    @_ours
    def in_flight(self, instance: Instance) -> int:
        """Requests that the proxy has running in it, those from before it was taken out of its route included."""
        endpoint = instance.outputs.get("endpoint")
        state = admin.admin_state(self._stack_folder(instance.stack).proxy) if endpoint else None
        return state.in_flight(endpoint) if state and endpoint else 0

    @_ours
    def counts(self, stack: str) -> Mapping[str, Mapping[str, Traffic]]:
        """What the stack's proxy counted, by service."""
        return {name: {"proxy/main": counts} for name, counts in admin.traffic(self._stack_folder(stack).proxy).items()}

    @_ours
    def uses(self, stack: str) -> Mapping[str, Usage]:
        """Memory of what runs, disk of what is kept, by address."""
        stack_folder = self._stack_folder(stack)
        return uses(statuses_of(stack_folder), volumes(stack_folder))

    @_ours
    def fault(self, resource: Resource) -> str:
        """Why it can never start here, or nothing."""
        return fault(self._stack_folder(resource.stack), resource)

    def limit(self) -> str:
        """Programs of the stack that run as who runs us."""
        return identity.limit()

    def free_memory(self) -> Mapping[str, FreeMemory]:
        """Of this machine."""
        memory = machine.free_memory()
        return {"this machine": memory} if memory else {}

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _stack_folder(self, stack: str) -> StackFolder:
        """Raises ProviderError where something else is in place of the stack's folder: nothing could be seen in it."""
        stack_folder = StackFolder(self._home, stack)
        if stack_folder.path.exists() and not stack_folder.path.is_dir():
            raise ProviderError(f"{stack_folder.path} is no folder, and the stack's things belong in it. Remove it.")
        return stack_folder

    def _start(
        self, stack_folder: StackFolder, resource: Resource, incarnation: int, earlier: list[Instance]
    ) -> Instance:
        # Before anything is chosen for the new one: it may want the port that the old one holds.
        for instance in earlier:
            if (instance.failed or resource.singleton) and (supervisor := supervisor_of(stack_folder)):
                supervisor.stop(name_of(instance.address, instance.incarnation))
        process = _PROCESS_KINDS[resource.kind](stack_folder, resource, incarnation)
        return instance_from(Supervisor(stack_folder.supervisor).renewed().put(process))

    def _found(self, resource: Resource, incarnation: int) -> Instance:
        for instance in self.observe(resource.stack):
            if instance.address == resource.address and instance.incarnation == incarnation:
                return instance
        raise ProviderError(f"{resource.address} of stack {resource.stack} vanished while it was changed: plan again")

    def _end(self, stack_folder: StackFolder, instance: Instance) -> None:
        name = name_of(instance.address, instance.incarnation)
        if supervisor := supervisor_of(stack_folder):
            supervisor.remove(name)
        with stack_folder.locked():
            for path in files_of(stack_folder.settings, slug(instance.address, instance.incarnation)):
                path.unlink(missing_ok=True)
            ports.release(self._home, stack_folder.stack, name)
            if endpoint := instance.outputs.get("endpoint"):
                forget_endpoint(stack_folder, endpoint)
            if instance.kind == "proxy" and not any(
                other.kind == "proxy" for other in self.observe(stack_folder.stack)
            ):
                remove_tree(stack_folder.proxy)

    def _sweep(self, stack_folder: StackFolder) -> None:
        """Leave nothing behind that no instance needs."""
        supervisor = supervisor_of(stack_folder) or Supervisor.find(stack_folder.supervisor)
        if supervisor and not supervisor.list():
            supervisor.shutdown()
            remove_tree(stack_folder.supervisor)
        if not holds_something(stack_folder):
            # Before the folder: its lock is what keeps a stack that is made at this moment from losing its account.
            stack_accounts.remove(self._home, stack_folder.stack)
            stack_folder.remove()
            ports.release(self._home, stack_folder.stack)


def _label(stack_folder: StackFolder, instance: Instance, resource: Resource, outputs: Mapping[str, str]) -> None:
    if supervisor := supervisor_of(stack_folder):
        name = name_of(instance.address, instance.incarnation)
        supervisor.label(name, labels_of(resource, instance.incarnation, outputs))


def _same(one: Instance, other: Instance) -> bool:
    return (one.address, one.incarnation) == (other.address, other.incarnation)
