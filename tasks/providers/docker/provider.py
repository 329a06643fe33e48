"""The docker target: everything of a stack is in the engine, known by its labels, and nothing is kept elsewhere.

Containers, volumes and networks carry the labels; routes and what changes later are annotations (`annotations`).
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

from infra_specs.resources.instance import Instance
from infra_specs.sharing.claims import machine_of
from infra_specs.sharing.front import FRONT_KIND, front_name
from infra_specs.stackfile.models.target import Docker
from tasks.providers.docker.annotations import Annotations
from tasks.providers.docker.builds.builder import Builder
from tasks.providers.docker.containers.container import Settings
from tasks.providers.docker.containers.start import Starter
from tasks.providers.docker.engine.client import connect
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.engine.images import EngineImages
from tasks.providers.docker.events import DockerEvents
from tasks.providers.docker.host import DockerHost
from tasks.providers.docker.images import DockerImages
from tasks.providers.docker.kinds.containers import Containers
from tasks.providers.docker.kinds.database import database
from tasks.providers.docker.kinds.files import files
from tasks.providers.docker.kinds.front import Fronts, front_settings
from tasks.providers.docker.kinds.job import job
from tasks.providers.docker.kinds.proxy import Proxies, proxy_settings
from tasks.providers.docker.kinds.replica import replica
from tasks.providers.docker.kinds.route import Routes
from tasks.providers.docker.kinds.valkey import cache, queue
from tasks.providers.docker.kinds.volume import Volumes
from tasks.providers.docker.labels import STACK_LABEL, is_of_kind, only
from tasks.providers.docker.network import Networks
from tasks.providers.docker.observe import Observer
from tasks.providers.docker.proxy.kept_ports import KeptPorts
from tasks.providers.docker.proxy.ports import ports_of
from tasks.providers.docker.proxy.routes import EngineRoutes
from tasks.providers.docker.restarts import DockerRestarts
from tasks.providers.docker.shell import DockerShell
from tasks.providers.docker.store import VolumeStore
from tasks.providers.docker.sweep import sweep
from tasks.providers.docker.traffic import DockerTraffic
from tasks.providers.host_address import own_address
from tasks.providers.postgres.databases import PostgresDatabases
from tasks.providers.seam.kind import Kind
from tasks.providers.seam.provider import KindProvider

CONTAINERS: Mapping[str, Settings] = {
    "replica": replica,
    "job": job,
    "database": database,
    "cache": cache,
    "queue": queue,
    "files": files,
}
"""What runs each of the kinds that are a container and nothing else."""


_HOLDING = ("running", "restarting", "paused")
"""States of a container in which the engine gives its ports to nobody else."""


class DockerProvider(KindProvider):
    """The engine that the target names."""

    target = "docker"

    def __init__(self, target: Docker) -> None:
        self._host = target.host
        self._api = api = connect(target.host)
        self._annotations = annotations = Annotations(VolumeStore(api))
        self._networks = networks = Networks(api)
        self._observer = observer = Observer(api, networks)
        self._routes = routes = EngineRoutes(api, annotations)
        images = EngineImages(api)
        kept = KeptPorts(api)
        proxies = proxy_settings(
            api, routes, kept, networks, front_name=front_name(machine_of(target)), host_address=self._host_address
        )
        envoys = {"proxy": proxies, FRONT_KIND: front_settings(api, networks)}
        starter = Starter(api, images, networks, {**CONTAINERS, **envoys})
        containers = Containers(CONTAINERS, api, annotations, observer, starter)
        kinds: dict[str, Kind] = {
            **dict.fromkeys(CONTAINERS, containers),
            "proxy": Proxies(
                api,
                annotations,
                observer,
                starter,
                routes=routes,
                kept=kept,
                networks=networks,
                host_address=self._host_address,
            ),
            FRONT_KIND: Fronts(api, annotations, observer, starter, networks),
            "volume": Volumes(api, annotations),
            "route": Routes(observer, routes),
        }
        super().__init__(kinds)
        self.images = DockerImages(images, Builder(api, images, target))
        self.traffic = DockerTraffic(api)
        self.host = DockerHost(api, networks, observer)
        self.shell = DockerShell(api, observer)
        self.databases = PostgresDatabases(self.shell)
        self.restarts = DockerRestarts(api, observer)
        self._events = DockerEvents(api, observer)
        self.events = self._events

    def stacks(self) -> tuple[str, ...]:
        with translated():
            containers = self._api.containers(all=True, filters=only())
            volumes = self._api.volumes(filters=only())["Volumes"] or ()
        return tuple(sorted({listed["Labels"][STACK_LABEL] for listed in (*containers, *volumes)}))

    def instances(self, stack: str) -> Iterable[Instance]:
        """One question for containers and one for volumes tell all of them."""
        return self._observer.instances(stack)

    def at_address(self, stack: str, address: str) -> Iterable[Instance]:
        return self._observer.at(stack, address)

    def translated(self) -> AbstractContextManager[None]:
        return translated()

    def in_flight(self, instance: Instance) -> int:
        """Requests that the proxy has running in it, those from before it was taken out of its route included."""
        if not (endpoint := instance.outputs.get("endpoint")):
            return 0
        with translated():
            state = self._routes.admin_state(instance.stack)
        return state.in_flight(endpoint) if state else 0

    def held_ports(self, stack: str) -> frozenset[int]:
        """Those that are published for its proxies which run: what is kept for its log has none."""
        with translated():
            proxies = [
                container
                for container in self._observer.containers(stack)
                if container["State"]["Status"] in _HOLDING and is_of_kind(container["Config"]["Labels"], "proxy")
            ]
            return frozenset(port for container in proxies for port in ports_of(container).held)

    def sweep(self, stack: str) -> None:
        with translated():
            sweep(self._api, self._networks, self._routes, self._annotations, stack)

    def close(self) -> None:
        self._events.close()
        self._observer.close()
        self._api.close()

    def _host_address(self) -> str:
        """The engine's address as its neighbours see it."""
        url = urlsplit(self._host or self._api.base_url)
        return url.hostname if url.scheme in ("tcp", "https") and url.hostname else own_address()
