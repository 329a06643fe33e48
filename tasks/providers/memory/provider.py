"""The memory target, opened: its verbs, and what may happen in its world besides."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from infra_specs.resources.instance import Health
from infra_specs.scaling.node_capacity import FreeDisk, FreeMemory
from infra_specs.stackfile.models.target import Memory
from tasks.providers.memory.databases import MemoryDatabases
from tasks.providers.memory.host import MemoryHost
from tasks.providers.memory.measures import MemoryMeasures
from tasks.providers.memory.record import Record
from tasks.providers.memory.simulated_load import Happening, Load, Loads
from tasks.providers.memory.things import KINDS, Things
from tasks.providers.memory.traffic import MemoryTraffic, names
from tasks.providers.memory.world import World
from tasks.providers.seam.provider import KindProvider

_USUAL = Memory(provider="memory")


class MemoryProvider(KindProvider):
    """A pretended world below `home`, which behaves as the target's model says."""

    target = "memory"

    def __init__(self, home: Path, target: Memory = _USUAL) -> None:
        self._world = World(home)
        super().__init__(dict.fromkeys(KINDS, Things(self._world, target)))
        self._loads = Loads(home, names(target.proxies))
        self._host = MemoryHost(home)
        self.host = self._host
        self._databases = MemoryDatabases(home, self._world)
        self.databases = self._databases
        if target.period is None:
            self.traffic = MemoryTraffic(self._loads, self.observe)
        else:
            self.measures = MemoryMeasures(self._loads, target.period)

    def stacks(self) -> tuple[str, ...]:
        return tuple(sorted(self._world.by_stack()))

    def alone(self, stack: str, address: str) -> AbstractContextManager[None]:  # noqa: ARG002 - its file is one
        """Alone in the whole world: every change writes it."""
        return self._world.alone()

    def held_ports(self, stack: str) -> frozenset[int]:
        held = (proxy.outputs.get("held_ports", "") for proxy in self.observe(stack) if proxy.kind == "proxy")
        return frozenset(int(port) for ports in held for port in ports.split())

    # What happens in this world, and is no verb of ours

    def set_health(self, stack: str, address: str, health: Health) -> None:
        """An accident, a recovery."""
        self._happen(stack, address, lambda record: replace(record, health=health))

    def set_in_flight(self, stack: str, address: str, requests: int) -> None:
        """So many requests are under way in it."""
        self._happen(stack, address, lambda record: replace(record, in_flight=requests))

    def set_undo(self, stack: str, address: str, why: str) -> None:
        """The next update of this is taken back by the world, for this reason."""
        self._happen(stack, address, lambda record: replace(record, undoes=why))

    def set_load(self, stack: str, service: str, load: Load) -> None:
        """From now on users ask this of the service."""
        with self._world.alone():
            self._loads.put(stack, service, load)

    def set_proxy(self, stack: str, proxy: str, what: Happening) -> None:
        """Something befalls a proxy of the stack: it is gone, back, or restarted and counts anew."""
        with self._world.alone():
            self._loads.happen(stack, proxy, what)

    def set_free_memory(self, *machines: FreeMemory) -> None:
        """The target has these machines, each with so much memory, and so much of it free."""
        named = {f"machine-{number}": memory for number, memory in enumerate(machines)}
        with self._world.alone():
            self._host.put(named)

    def set_free_disks(self, **machines: FreeDisk) -> None:
        """The target's machines have these disks."""
        with self._world.alone():
            self._host.put_disks(machines)

    def _happen(self, stack: str, address: str, to: Callable[[Record], Record]) -> None:
        with self._world.changing() as records:
            records[:] = [
                to(record) if (record.stack, record.address) == (stack, address) else record for record in records
            ]
