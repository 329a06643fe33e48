"""The kind `proxy`: an Envoy whose files lie in a volume of the stack."""

from collections.abc import Callable, Mapping
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
from tasks.providers.docker.network import Networks
from tasks.providers.docker.observe import Observer
from tasks.providers.docker.proxy.find import front_container
from tasks.providers.docker.proxy.folder import FOLDER_PATH
from tasks.providers.docker.proxy.kept_ports import KeptPorts, chosen_ports
from tasks.providers.docker.proxy.listeners import change_listeners, first_files
from tasks.providers.docker.proxy.ports import LOCAL_PORT, behind_front, ports_of
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
        networks: Networks,
        host_address: Callable[[], str],
    ) -> None:
        super().__init__(("proxy",), api, annotations, observer, starter)
        self._routes, self._kept, self._networks, self._host_address = routes, kept, networks, host_address

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
        front = self._networks.need(instance.stack).front
        ports = behind_front(ports_of(container), resource.settings, front)
        change_listeners(self._api, container["Id"], resource, ports, lambda: self._routes.tell_again(instance.stack))
        self._record(instance, resource, ports.outputs(resource, self._host_address()))


def proxy_settings(
    api: Engine,
    routes: EngineRoutes,
    kept: KeptPorts,
    networks: Networks,
    *,
    front_name: str,
    host_address: Callable[[], str],
) -> Settings:
    """What runs the proxy of a stack. It finds the routes of its stack at its start, and the front finds it."""

    def settings(resource: Resource, _address: str) -> DesiredContainer:
        def prepare(container: str) -> None:
            front = networks.need(resource.stack).front
            ports = behind_front(ports_of(api.inspect_container(container)), resource.settings, front)
            routes.fill(resource.stack, container, first_files(api, resource, ports))
            kept.keep(resource.stack, ports)
            if ports.behind and (leading := front_container(api, front_name)):
                networks.let_in(resource.stack, leading)

        ports = chosen_ports(resource.settings, kept.of(resource.stack))
        return DesiredContainer(
            envoy_container(resource, ports.published),
            (behind_alias(resource.stack),),
            outputs=ports.outputs(resource, host_address()),
            probe={"kind": "proxy", "port": LOCAL_PORT},
            prepare=prepare,
            taken=lambda: kept.forget(resource.stack),
            fixed_ports=tuple(port for _, port in ports.published.values() if port in _named(resource)),
        )

    return settings


def behind_alias(stack: str) -> str:
    """The name by which the front finds a stack's proxy, whatever its incarnation: no other network has it."""
    return f"proxy.{stack}"


def envoy_container(resource: Resource, published: Mapping[int, tuple[str, int]]) -> Container:
    """An Envoy that reads its files in a volume of its stack."""
    settings: Any = resource.settings
    name, labels = name_of(resource.stack, part="proxy"), part_of(resource.stack, "proxy")
    volume = Mount(str(FOLDER_PATH), name, type="volume", no_copy=True, labels=labels)
    return Container(
        settings["image"],
        ("envoy", "-c", str(FOLDER_PATH / "bootstrap.json"), *OPTIONS),
        user="envoy",
        volumes={"files": volume},
        scratch=("/tmp",),  # noqa: S108 - of the container
        ports=published,
    )


def _named(resource: Resource) -> set[int]:
    """The ports that its settings name."""
    return {int(str(port)) for name in _PORT_SETTINGS if (port := resource.settings.get(name))}
