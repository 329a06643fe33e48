"""The swarm target: a stack on the hosts of a fleet. All of it is in the Swarm and its hosts' engines, by its labels.

Each slot is a service of one task. Routes, and what is recorded of volumes, are configs. Jobs are plain containers.
"""

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.stackfile.models.target import Containers
from tasks.providers.docker.containers.container import Settings
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.kinds.database import database
from tasks.providers.docker.kinds.files import files
from tasks.providers.docker.kinds.replica import replica
from tasks.providers.docker.kinds.route import Routes
from tasks.providers.docker.kinds.valkey import cache, queue
from tasks.providers.docker.labels import STACK_LABEL, only
from tasks.providers.postgres.databases import PostgresDatabases
from tasks.providers.seam.kind import Kind
from tasks.providers.seam.provider import KindProvider
from tasks.providers.swarm.engine import HostEngines
from tasks.providers.swarm.fleet_builds import SwarmImages
from tasks.providers.swarm.host import SwarmHost
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.kinds.job import Jobs
from tasks.providers.swarm.kinds.proxy import Proxies
from tasks.providers.swarm.kinds.services import Services
from tasks.providers.swarm.kinds.volume import Volumes
from tasks.providers.swarm.managers import Managers, NoSwarm
from tasks.providers.swarm.parts import Parts
from tasks.providers.swarm.shell import SwarmShell
from tasks.providers.swarm.sweep import Sweep
from tasks.providers.swarm.traffic import SwarmTraffic
from tasks.providers.swarm.way import SwarmWay
from tasks.ssh.connections import Connections

MANAGER_SECONDS = 15.0
"""How long a manager's answer may take: the next one is asked then."""
ENGINE_SECONDS = 30.0
"""How long an engine's answer may take. A host that froze since the managers heard it costs as much, once."""
TRANSFER_SECONDS = 600.0
"""The same while an image is brought: an engine is silent while it unpacks a large layer."""
SERVICES: Mapping[str, Settings] = {
    "replica": replica,
    "database": database,
    "cache": cache,
    "queue": queue,
    "files": files,
}
"""What runs each of the kinds that are a service of one task."""


class SwarmProvider(KindProvider):
    """The hosts that the connections lead to, joined in one Swarm. Nothing is asked of them before its use."""

    target = "swarm"

    def __init__(self, connections: Connections, target: Containers, leaving: Collection[str] = ()) -> None:
        """`target` says which images are taken in place of others. `leaving` are hosts that are to leave the fleet."""
        self._connections = connections
        self._asked, self._engines = HostEngines(connections, MANAGER_SECONDS), HostEngines(connections, ENGINE_SECONDS)
        self._transfers = HostEngines(connections, TRANSFER_SECONDS)
        self._managers = Managers(self._asked, leaving)
        self._hosts = hosts = SwarmHosts(self._managers, self._engines, self._transfers)
        parts = Parts.of(hosts, connections)
        self._observer = parts.observer
        services = Services(SERVICES, parts)
        kinds: dict[str, Kind] = {
            **dict.fromkeys(SERVICES, services),
            "proxy": Proxies(parts),
            "volume": Volumes(parts),
            "job": Jobs(parts),
            "route": Routes(parts.observer, parts.routes),
        }
        super().__init__(kinds)
        self._sweep = Sweep(parts)
        self.images = SwarmImages(hosts, parts.images, target)
        self.traffic = SwarmTraffic(hosts)
        self.host = SwarmHost(hosts, connections)
        self.way = SwarmWay(hosts)
        self.shell = SwarmShell(hosts, parts.observer)
        self.databases = PostgresDatabases(self.shell)

    def stacks(self) -> tuple[str, ...]:
        """Those with a service or a record in the Swarm, or a job on a host that answers."""
        with translated():
            listed = [thing["Spec"]["Labels"] for thing in (*self._managers.services(), *self._managers.configs())]
            outcomes = self._hosts.outcomes(lambda _, engine: engine.containers(all=True, filters=only()))
        for outcome in outcomes.values():
            listed += [] if isinstance(outcome, ProviderError) else [container["Labels"] for container in outcome]
        return tuple(sorted({labels[STACK_LABEL] for labels in listed if STACK_LABEL in labels}))

    def instances(self, stack: str) -> Iterable[Instance]:
        """One question to a manager and one to each host tell all of them. Without a Swarm there is nothing."""
        try:
            return self._observer.instances(stack)
        except NoSwarm:
            return []

    def at_address(self, stack: str, address: str) -> Iterable[Instance]:
        return self._observer.at(stack, address)

    def translated(self) -> AbstractContextManager[None]:
        return translated()

    def in_flight(self, instance: Instance) -> int:
        """Requests that the proxies of all hosts have running in it."""
        if not (endpoint := instance.outputs.get("endpoint")):
            return 0
        with translated():
            states = self._observer.admin_states(instance.stack)
        return sum(state.in_flight(endpoint) for state in states.values() if state)

    def place_of(self, instance: Instance) -> tuple[str, str] | None:
        """Host and id of the container that runs for an instance; None if none does."""
        with translated():
            return self._observer.container(instance)

    def sweep(self, stack: str) -> None:
        with translated():
            self._sweep(stack)

    def close(self) -> None:
        self._hosts.close()
        self._asked.close()
        self._engines.close()
        self._transfers.close()
        self._connections.close()
