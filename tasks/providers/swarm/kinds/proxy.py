"""The kind `proxy`: an Envoy on each host, whose files lie in a volume there.

It publishes a port of every host if something is public, and else none.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from infra_specs.resources.instance import Instance
from infra_specs.resources.resource import Resource
from tasks.providers.docker.containers.container import Container, DesiredContainer
from tasks.providers.docker.kinds.proxy import OPTIONS
from tasks.providers.docker.labels import labels_of
from tasks.providers.docker.proxy.folder import FOLDER_PATH
from tasks.providers.docker.proxy.listeners import change_listeners, first_files
from tasks.providers.docker.proxy.ports import LOCAL_PORT, PUBLIC_PORT, REDIRECT_PORT, ProxyPorts
from tasks.providers.swarm.kinds.services import Services
from tasks.providers.swarm.parts import Parts
from tasks.providers.swarm.proxies import BOOTSTRAP, folder_mount
from tasks.providers.swarm.service_spec import service_spec

DEFAULT_PORT, DEFAULT_TLS_PORT = 80, 443
_BOOTSTRAP = FOLDER_PATH / BOOTSTRAP
_WAIT = f"until [ -s {_BOOTSTRAP} ]; do sleep 0.2; done"
"""A host that has just joined has no files yet: they come with the next change of its stack, or its next sweep."""


class Proxies(Services):
    """Proxies: their listeners change in place, on every host."""

    def __init__(self, parts: Parts) -> None:
        super().__init__({"proxy": _desired}, parts)

    def create(self, resource: Resource, incarnation: int) -> Instance:
        """Every ready host has its files before the first one starts."""
        image, ports = self._parts.images.need(resource.settings), ports_of(resource.settings)
        self._parts.routes.fill(resource.stack, image, lambda engine: first_files(engine, resource, ports))
        desired = _desired(resource, "")
        parts = self.service_parts(resource, incarnation, desired, (), self._outputs(resource, ports))
        parts = replace(parts, is_global=True, ports=published(ports))
        self.make(service_spec(desired.container, image, parts), resource)
        return self.made(resource, incarnation)

    def update(self, instance: Instance, resource: Resource) -> None:
        """All that can change here are its listeners; its ports stay, and where it is reached is known anew.

        Returns when the proxy of every ready host has taken them in: an authority may ask any of them. TransientError
        while one of them starts again.
        """
        ports, stack = ports_of(resource.settings), instance.stack
        for host, proxy in self._parts.routes.proxies(stack, settled=True).items():
            engine = self._hosts.engine(host)
            change_listeners(engine, proxy, resource, ports, lambda: self._parts.routes.tell_again(stack))
        self.relabel(instance, labels_of(resource, instance.incarnation, self._outputs(resource, ports)))

    def _outputs(self, resource: Resource, ports: ProxyPorts) -> dict[str, str]:
        """Where it is reached: at the first host's address. No port of a host is for the host alone."""
        address = self._hosts.ready()[0].address
        outputs = ports.outputs(resource, address)
        return {name: value for name, value in outputs.items() if name not in ("host", "port", "url")}


def ports_of(settings: Mapping[str, Any]) -> ProxyPorts:
    """The ports of every host that a proxy has, or none if nothing is public."""
    if not settings["public"]:
        return ProxyPorts(LOCAL_PORT)
    usual = DEFAULT_TLS_PORT if settings.get("tls") else DEFAULT_PORT
    redirect = settings.get("redirect")
    return ProxyPorts(LOCAL_PORT, int(settings["public_port"] or usual), int(redirect) if redirect else None)


def published(ports: ProxyPorts) -> dict[int, int]:
    """Port in the container -> port of each host."""
    pairs = {PUBLIC_PORT: ports.public, REDIRECT_PORT: ports.redirect}
    return {inside: outside for inside, outside in pairs.items() if outside is not None}


def _desired(resource: Resource, _address: str) -> DesiredContainer:
    settings: Any = resource.settings
    words = " ".join(("exec envoy -c", str(_BOOTSTRAP), *OPTIONS))
    container = Container(
        settings["image"],
        ("bash", "-c", f"{_WAIT}; {words}"),
        user="envoy",
        volumes={"files": folder_mount(resource.stack)},
        scratch=("/tmp",),  # noqa: S108 - of the container
    )
    return DesiredContainer(container, probe={"kind": "proxy", "port": LOCAL_PORT})
