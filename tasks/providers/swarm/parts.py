"""What the drivers of the kinds work with: the hosts, and what is shared between kinds."""

from dataclasses import dataclass

from tasks.providers.docker.annotations import Annotations
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.images import FleetImages
from tasks.providers.swarm.network import Overlays
from tasks.providers.swarm.observe import SwarmObserver
from tasks.providers.swarm.placing import Placing
from tasks.providers.swarm.proxies import SwarmRoutes
from tasks.providers.swarm.secrets import Secrets
from tasks.providers.swarm.store import ConfigStore
from tasks.ssh.connections import Connections


@dataclass(frozen=True, slots=True)
class Parts:
    """Of one opened target."""

    hosts: SwarmHosts
    observer: SwarmObserver
    placing: Placing
    images: FleetImages
    overlays: Overlays
    annotations: Annotations
    routes: SwarmRoutes
    secrets: Secrets

    @classmethod
    def of(cls, hosts: SwarmHosts, connections: Connections) -> "Parts":
        """The parts of the target whose hosts these are."""
        managers = hosts.managers
        annotations = Annotations(ConfigStore(managers))
        return cls(
            hosts,
            SwarmObserver(hosts),
            Placing(hosts),
            FleetImages(hosts),
            Overlays(managers, connections),
            annotations,
            SwarmRoutes(hosts, annotations),
            Secrets(managers),
        )
