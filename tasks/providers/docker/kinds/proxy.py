"""The kind `proxy`: an Envoy whose files lie in a volume of the stack."""

from collections.abc import Callable
from typing import Any

from docker.types import Mount

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.docker.annotations import Annotations
from tasks.providers.docker.containers.container import Container, DesiredContainer, Settings
from tasks.providers.docker.containers.start import Starter
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.kinds.containers import Containers
from tasks.providers.docker.labels import name_of, part_of
from tasks.providers.docker.observe import Observer
from tasks.providers.docker.proxy.folder import FOLDER_PATH
from tasks.providers.docker.proxy.kept_ports import KeptPorts, chosen_ports
from tasks.providers.docker.proxy.listeners import change_listeners, first_files
from tasks.providers.docker.proxy.ports import LOCAL_PORT, ProxyPorts, ports_of
from tasks.providers.docker.proxy.routes import EngineRoutes
from tasks.providers.envoy.files import DRAINING

_PORT_SETTINGS = ("port", "public_port", "redirect")
"""Settings that name a port, for which there is no other."""
OPTIONS = (
    "--disable-hot-restart",
    "--reject-unknown-dynamic-fields",
    *DRAINING,
    "--concurrency",
    "2",
    "-l",
    "warning",
)


class Proxies(Containers):
    """Proxies: their listeners change in place. `host_address` is the engine's as its neighbours see it."""

    def __init__(
        self,
        api: Engine,
        annotations: Annotations,
        observer: Observer,
        starter: Starter,
        *,
        routes: EngineRoutes,
        kept: KeptPorts,
        host_address: Callable[[], str],
    ) -> None:
        super().__init__(("proxy",), api, annotations, observer, starter)
        self._routes, self._kept, self._host_address = routes, kept, host_address

    def destroy(self, instance: Instance) -> Instance | None:
        """Returns when it is gone. Its ports are kept for a successor, also those of an earlier version's."""
        if container := self._observer.container(instance):
            self._kept.keep(instance.stack, ports_of(container))
        return super().destroy(instance)

    def update(self, instance: Instance, resource: Resource) -> None:
        """All that can change here are its listeners; its ports stay, and where it is reached is known anew."""
        container = self._observer.container(instance)
        if container is None:
            raise ProviderError(f"{instance} of stack {instance.stack} is gone: plan again")
        ports = ports_of(container)
        change_listeners(self._api, container["Id"], resource, ports, lambda: self._routes.tell_again(instance.stack))
        self._record(instance, resource, ports.outputs(resource, self._host_address()))


def proxy_settings(api: Engine, routes: EngineRoutes, kept: KeptPorts, host_address: Callable[[], str]) -> Settings:
    """What runs the proxy of a stack. It finds the routes of its stack at its start."""

    def settings(resource: Resource, _address: str) -> DesiredContainer:
        def prepare(container: str) -> None:
            ports = ports_of(api.inspect_container(container))
            routes.fill(resource.stack, container, first_files(api, resource, ports))
            kept.keep(resource.stack, ports)

        ports = chosen_ports(resource.settings, kept.of(resource.stack))
        return DesiredContainer(
            _container(resource, ports),
            outputs=ports.outputs(resource, host_address()),
            probe={"kind": "proxy", "port": LOCAL_PORT},
            prepare=prepare,
            taken=lambda: kept.forget(resource.stack),
            fixed_ports=tuple(int(str(port)) for name in _PORT_SETTINGS if (port := resource.settings.get(name))),
        )

    return settings


def _container(resource: Resource, ports: ProxyPorts) -> Container:
    settings: Any = resource.settings
    name, labels = name_of(resource.stack, part="proxy"), part_of(resource.stack, "proxy")
    volume = Mount(str(FOLDER_PATH), name, type="volume", no_copy=True, labels=labels)
    return Container(
        settings["image"],
        ("envoy", "-c", str(FOLDER_PATH / "bootstrap.json"), *OPTIONS),
        user="envoy",
        volumes={"files": volume},
        scratch=("/tmp",),  # noqa: S108 - of the container
        ports=ports.published,
    )
