"""The one provider: what is adopted, what is made anew, what is stopped and what is ended, on every target."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.seam.kind import Kind
from tasks.providers.seam.locks import AddressLocks
from tasks.providers.seam.parts import (
    Code,
    Databases,
    Events,
    Host,
    Images,
    Measures,
    Restarts,
    Shelf,
    Shell,
    TrafficCounts,
    VolumeFiles,
    Way,
)


class KindProvider:
    """One target, opened. A target subclasses it, gives it a driver for each kind, and says `stacks`.

    What a target holds is asked of the world, never of a file of state. All calls block and may run in several threads
    at once. SDK exceptions never leave it: they become `TransientError` (a retry may help) or `ProviderError`.
    """

    target = ""
    """What a stack file calls it: `docker`."""
    images: Images | None = None
    code: Code | None = None
    traffic: TrafficCounts | None = None
    measures: Measures | None = None
    host: Host | None = None
    way: Way | None = None
    shell: Shell | None = None
    databases: Databases | None = None
    volume_files: VolumeFiles | None = None
    restarts: Restarts | None = None
    shelf: Shelf | None = None
    events: Events | None = None

    def __init__(self, kinds: Mapping[str, Kind]) -> None:
        """`kinds`: the driver of each kind. Kinds that one question lists have one driver."""
        self._kinds = kinds
        self._drivers = tuple({id(driver): driver for driver in kinds.values()}.values())
        self._locks = AddressLocks()

    # What a target says of itself

    def stacks(self) -> tuple[str, ...]:
        """Every stack with something of ours here, sorted."""
        raise NotImplementedError

    def instances(self, stack: str) -> Iterable[Instance]:
        """Everything of the stack in any order. A target where one question tells all overrides it."""
        for driver in self._drivers:
            yield from driver.list(stack)

    def at_address(self, stack: str, address: str) -> Iterable[Instance]:
        """What has this address, in any order. A target that can ask for less than all overrides it."""
        return (instance for instance in self.instances(stack) if instance.address == address)

    def alone(self, stack: str, address: str) -> AbstractContextManager[None]:
        """A block in which nobody else changes this address: by default, no other thread of this process.

        A thread that is alone already stays so. Other processes are kept away by the ledger's lock on the stack.
        """
        return self._locks.alone(stack, address)

    def changing(self, stack: str) -> AbstractContextManager[None]:
        """A block in which no other process makes or changes anything of the stack, entered after `alone`.

        By default nothing: the ledger's lock on the stack is enough. What ends is not kept waiting by it.
        """
        return nullcontext()

    def translated(self) -> AbstractContextManager[None]:
        """A block out of which errors of the target's SDK come as ours."""
        return nullcontext()

    def in_flight(self, instance: Instance) -> int:
        """Requests running in it now; 0 if it is gone or serves none, or where nobody counts them. Never waits."""
        return 0

    def sweep(self, stack: str) -> None:
        """Leave nothing behind that no instance of the stack needs. Nothing is left: success.

        Nobody else may change the stack meanwhile. What is there serves on.
        """

    def held_ports(self, stack: str) -> frozenset[int]:
        """The ports beyond loopback that the stack's proxy has itself: a front cannot have them. Changes nothing."""
        return frozenset()

    def fault(self, resource: Resource) -> str:
        """Why this replica or job can never start here, known before it is started; or nothing. Changes nothing."""
        return ""

    def hint(self, resource: Resource) -> str:
        """What the writer of this replica's or job's command may not have meant; or nothing. Changes nothing.

        One sentence, which begins with the program's name.
        """
        return ""

    def exposed(self, stack: str) -> tuple[str, ...]:
        """Programs of the stack that others may reach past the proxy: a sentence for each service. Changes nothing."""
        return ()

    def limit(self) -> str:
        """What a stack's programs can reach here that they should not, and what to do; or nothing. One sentence."""
        return ""

    def blindness(self) -> str:
        """Why processes that a stack's programs started may run on here unseen; or nothing. One sentence."""
        return ""

    def close(self) -> None:
        """Give back connections. What was made stays."""

    # What is alike on every target

    def observe(self, stack: str) -> tuple[Instance, ...]:
        """Everything here that is labelled as this stack's, broken or not, health included.

        Changes nothing. Sorted by address, then incarnation. Of an unknown stack: nothing.
        """
        with self.translated():
            return _in_order(self.instances(stack))

    def create(self, resource: Resource) -> Instance:
        """Make a resolved resource exist; returns at once, usually while it is still starting.

        An instance of the same address, fingerprint and bindings that starts or is healthy is returned.
        Otherwise a new incarnation is made. Failed earlier ones are stopped but kept for their log, and of a resource
        that cannot stand beside its predecessor all earlier ones. An earlier one that is ending is ended first.
        """
        kind = self._kind_of(resource.kind, resource.address)
        with self.translated(), self.alone(resource.stack, resource.address), self.changing(resource.stack):
            earlier = _in_order(self.at_address(resource.stack, resource.address))
            if adopted := _adopted(kind, earlier, resource):
                return adopted
            for instance in earlier:
                _make_way(kind, instance, resource)
            incarnation = max((instance.incarnation for instance in earlier), default=0) + 1
            return kind.create(resource, incarnation)

    def update(self, instance: Instance, resource: Resource) -> Instance:
        """Change in place what the kind can (`resource.mutable`), fingerprint and bindings included.

        Already so: success. Gone or ending meanwhile: ProviderError.
        """
        kind = self._kind_of(instance.kind, instance.address)
        with self.translated(), self.alone(instance.stack, instance.address), self.changing(instance.stack):
            current = kind.look(instance)
            if current is None or current.ending:
                raise ProviderError(f"{instance} of stack {instance.stack} is gone: plan again")
            kind.update(current, resource)
            if changed := kind.look(instance):
                return changed
        raise ProviderError(f"{resource.address} of stack {resource.stack} vanished while it was changed: plan again")

    def destroy(self, instance: Instance) -> Instance | None:
        """Remove one incarnation with everything that belongs to it alone, and return what is left of it.

        None: it is gone, or was. Where that takes minutes, the instance that is certain to go: look until it is gone.
        Data goes only with the instance that is marked stateful.
        """
        kind = self._kind_of(instance.kind, instance.address)
        with self.translated(), self.alone(instance.stack, instance.address):
            return kind.destroy(instance)

    def put_away(self, instance: Instance, *, comes_back: bool) -> Instance | None:
        """As `destroy`, with a copy of its data made first, on a target with a shelf; see `Shelf`."""
        assert self.shelf is not None
        with self.translated(), self.alone(instance.stack, instance.address):
            return self.shelf.put_away(instance, comes_back=comes_back)

    def stop(self, instance: Instance, why: str) -> None:
        """End it for good and keep it for its log: from now on it has failed, for this reason.

        Returns when it has ended. Ended already, or gone: success. What never ran, as a volume does not, is left alone.
        """
        kind = self._kind_of(instance.kind, instance.address)
        with self.translated(), self.alone(instance.stack, instance.address):
            kind.stop(instance, why)

    def look(self, instance: Instance) -> Instance | None:
        """The same incarnation as it is now; None if it is gone. Never waits."""
        with self.translated():
            return self._kind_of(instance.kind, instance.address).look(instance)

    def logs(self, instance: Instance, lines: int) -> str:
        """The last lines it wrote, oldest first; empty if it wrote nothing or is gone."""
        with self.translated():
            return self._kind_of(instance.kind, instance.address).logs(instance, lines) if lines else ""

    def _kind_of(self, kind: str, address: str) -> Kind:
        if driver := self._kinds.get(kind):
            return driver
        raise ProviderError(f"{address}: the {self.target} target has no kind {kind}")


def _in_order(instances: Iterable[Instance]) -> tuple[Instance, ...]:
    return tuple(sorted(instances, key=lambda instance: (instance.address, instance.incarnation)))


def _adopted(kind: Kind, earlier: Iterable[Instance], resource: Resource) -> Instance | None:
    """The instance that is as wanted already, finished if a killed run left it half made."""
    for instance in earlier:
        if instance.fingerprint != resource.fingerprint or instance.ending or _was_told_otherwise(instance, resource):
            continue
        if instance.unready:
            continue  # a successor beside it is wanted, or a successor of it
        if not instance.failed:
            return instance
        if finished := kind.finish(instance, resource):
            return finished
    return None


def _was_told_otherwise(instance: Instance, resource: Resource) -> bool:
    """Whether a reference of it has another value by now than the instance was made with."""
    return any(instance.bindings.get(name, value) != value for name, value in resource.bindings.items())


def _make_way(kind: Kind, instance: Instance, resource: Resource) -> None:
    """Before anything is chosen for a successor: it may want the port that an earlier one holds."""
    if instance.ending:
        kind.destroy(instance)
    elif instance.failed or resource.singleton:
        kind.stop(instance, "")
