"""The local target, opened: one supervisor a stack, everything of a stack in one folder.

The world is asked, not a file of state: of processes their supervisor, of volumes and routes (which have no process)
the records that are themselves part of them.
"""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

from infra_specs.resources.address import Address
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.envoy.admin_state import with_requests
from tasks.providers.local import errors
from tasks.providers.local.accounts import identity
from tasks.providers.local.code.code import LocalCode
from tasks.providers.local.events import LocalEvents
from tasks.providers.local.exposure import exposure
from tasks.providers.local.files import make_folder
from tasks.providers.local.host import LocalHost
from tasks.providers.local.kinds import processes, program
from tasks.providers.local.kinds.processes import Processes
from tasks.providers.local.kinds.proxy import held_ports
from tasks.providers.local.kinds.route import Routes, proxy_state, routes
from tasks.providers.local.kinds.volume import Volumes
from tasks.providers.local.shell import LocalShell
from tasks.providers.local.stack_folder import stack_folder_of, stack_folders
from tasks.providers.local.stack_supervisor import holds_something
from tasks.providers.local.sweep import sweep
from tasks.providers.local.traffic import LocalTraffic
from tasks.providers.local.volume_files import LocalVolumeFiles
from tasks.providers.postgres.databases import PostgresDatabases
from tasks.providers.seam.provider import KindProvider
from tasks.supervisor import listening, mark


class LocalProvider(KindProvider):
    """Real services below `home`, which is made where it is missing, for its owner alone as far as possible."""

    target = "local"

    def __init__(self, home: Path) -> None:
        self._home = home.absolute()
        self._processes, self._volumes = Processes(self._home), Volumes(self._home)
        routes_of_stacks = Routes(self._home, self._processes)
        running = dict.fromkeys(processes.KINDS, self._processes)
        super().__init__({"volume": self._volumes, **running, "route": routes_of_stacks})
        self._traffic = LocalTraffic(self._home)
        self.traffic = self._traffic
        self.host = LocalHost(self._home)
        self.code = LocalCode(self._home)
        self.shell = LocalShell(self._home)
        self.databases = PostgresDatabases(self.shell)
        self.volume_files = LocalVolumeFiles()
        self._events = LocalEvents(self._home)
        self.events = self._events
        with self.translated():
            if not self._home.is_dir():
                self._home.parent.mkdir(parents=True, exist_ok=True)
                make_folder(self._home)

    def translated(self) -> AbstractContextManager[None]:
        return errors.translated()

    def changing(self, stack: str) -> AbstractContextManager[None]:
        """Alone among all processes that share the home: several may begin one stack at once."""
        return stack_folder_of(self._home, stack).locked()

    def stacks(self) -> tuple[str, ...]:
        with self.translated():
            folders = stack_folders(self._home)
            return tuple(stack_folder.stack for stack_folder in folders if holds_something(stack_folder))

    def instances(self, stack: str) -> Iterable[Instance]:
        """The supervisor is asked once, for the processes and for the routes that need to know of the proxy."""
        running, stack_folder = tuple(self._processes.list(stack)), stack_folder_of(self._home, stack)
        state = proxy_state(stack_folder, running)
        counted = with_requests(running, state)
        return (*self._volumes.list(stack), *counted, *routes(stack_folder, running, state))

    def close(self) -> None:
        self._events.close()

    def at_address(self, stack: str, address: str) -> Iterable[Instance]:
        """Only the driver of its kind is asked."""
        driver = self._kinds[Address.parse(address).kind]
        return (instance for instance in driver.list(stack) if instance.address == address)

    def in_flight(self, instance: Instance) -> int:
        return self._traffic.in_flight(instance)

    def sweep(self, stack: str) -> None:
        with self.translated():
            sweep(self._home, stack)

    def held_ports(self, stack: str) -> frozenset[int]:
        with self.translated():
            return held_ports(stack_folder_of(self._home, stack))

    def fault(self, resource: Resource) -> str:
        with self.translated():
            return program.fault(stack_folder_of(self._home, resource.stack), resource)

    def hint(self, resource: Resource) -> str:
        return program.hint(resource)

    def exposed(self, stack: str) -> tuple[str, ...]:
        """Those that listen on every address, as many servers do unless they are told."""
        with self.translated():
            return exposure(self._processes.list(stack), listening.is_everywhere)

    def blindness(self) -> str:
        """Where the system does not tell whose orphan a process is."""
        return mark.blindness()

    def limit(self) -> str:
        """Programs of the stack that run as who runs us."""
        return identity.limit()
