"""What volumes and routes have in common: no process, but a record in the stack's folder, which is part of them."""

from abc import abstractmethod
from pathlib import Path

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.local.accounts import identity
from tasks.providers.local.stack_folder import StackFolder, stack_folder_of
from tasks.providers.local.sweep import sweep
from tasks.providers.seam.kind import Kind


class Recorded(Kind):
    """The driver of one such kind, in the stacks below `home`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    @abstractmethod
    def put(self, stack_folder: StackFolder, resource: Resource, incarnation: int) -> None:
        """Make it so, and record it. May be repeated."""

    @abstractmethod
    def remove(self, stack_folder: StackFolder, instance: Instance) -> None:
        """Remove it with its record. Gone: success."""

    def look(self, instance: Instance) -> Instance | None:
        return self._at(instance.stack, instance.address, instance.incarnation)

    def create(self, resource: Resource, incarnation: int) -> Instance:
        stack_folder = stack_folder_of(self._home, resource.stack)
        identity.prepare(stack_folder)
        self.put(stack_folder, resource, incarnation)
        if instance := self._at(resource.stack, resource.address, incarnation):
            return instance
        raise ProviderError(f"{resource.address} of stack {resource.stack} vanished while it was made: plan again")

    def update(self, instance: Instance, resource: Resource) -> None:
        self.put(stack_folder_of(self._home, instance.stack), resource, instance.incarnation)

    def destroy(self, instance: Instance) -> Instance | None:
        """With the last of a stack its folder goes too."""
        stack_folder = stack_folder_of(self._home, instance.stack)
        if stack_folder.exists:
            with stack_folder.locked():
                self.remove(stack_folder, instance)
            sweep(self._home, instance.stack)
        return None

    def _at(self, stack: str, address: str, incarnation: int) -> Instance | None:
        instances = (instance for instance in self.list(stack) if instance.address == address)
        return next((instance for instance in instances if instance.incarnation == incarnation), None)
