"""The kind `route`: an annotation in the engine, which the stack's proxy is told."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.docker.observe import vanished
from tasks.providers.docker.proxy.routes import RouteTable
from tasks.providers.seam.kind import Kind


class Observer(Protocol):
    """Who tells a stack's instances."""

    def instances(self, stack: str) -> Sequence[Instance]:
        """All of them."""

    def at(self, stack: str, address: str, *, asking_proxy: bool = False) -> Sequence[Instance]:
        """Those at an address. Without `asking_proxy` no route is known to be healthy."""


class Routes(Kind):
    """Routes. One is as well as what its proxy knows of it."""

    def __init__(self, observer: Observer, table: RouteTable) -> None:
        self._observer, self._table = observer, table

    def list(self, stack: str) -> Iterable[Instance]:
        return [instance for instance in self._observer.instances(stack) if instance.kind == "route"]

    def look(self, instance: Instance) -> Instance | None:
        return self._route(instance.stack, instance.address, instance.incarnation, asking_proxy=True)

    def create(self, resource: Resource, incarnation: int) -> Instance:
        self._table.add(resource, incarnation)
        if route := self._route(resource.stack, resource.address, incarnation, asking_proxy=False):
            return route
        raise vanished(resource)

    def update(self, instance: Instance, resource: Resource) -> None:
        """All of it can change in place."""
        self._table.change(resource, instance.incarnation)

    def destroy(self, instance: Instance) -> Instance | None:
        self._table.remove(instance.stack, (instance.address, instance.incarnation))
        return None

    def _route(self, stack: str, address: str, incarnation: int, *, asking_proxy: bool) -> Instance | None:
        for instance in self._observer.at(stack, address, asking_proxy=asking_proxy):
            if instance.incarnation == incarnation:
                return instance
        return None
