"""The ports of a stack's proxy, in the container and on the engine, and the certificate served there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from infra_specs.catalogue.web import BEHIND
from infra_specs.resources.resource import Resource
from tasks.providers.envoy import listener, plain_http, tls
from tasks.providers.envoy.listener import EVERYWHERE, Listener, listeners, policy_of, public_listeners

LOCAL_PORT, PUBLIC_PORT, REDIRECT_PORT = 8080, 8081, 8082


@dataclass(frozen=True, slots=True)
class ProxyPorts:
    """The engine's ports: one on loopback; the public port and the HTTPS redirect on every address.

    Those `behind` are the front's, which leads here; they are not published.
    """

    port: int
    public: int | None = None
    redirect: int | None = None
    behind: tuple[int, ...] = ()
    front: str = ""
    """The front's address in the stack's network."""

    @property
    def held(self) -> frozenset[int]:
        """Those on every address that it has itself."""
        return frozenset(port for port in (self.public, self.redirect) if port is not None) - {*self.behind}

    @property
    def published(self) -> dict[int, tuple[str, int]]:
        """Port in the container -> address and port of the engine."""
        ports = {LOCAL_PORT: ("127.0.0.1", self.port)}
        for inside, port in ((PUBLIC_PORT, self.public), (REDIRECT_PORT, self.redirect)):
            if port in self.held and port is not None:
                ports[inside] = (EVERYWHERE, port)
        return ports

    def outputs(self, resource: Resource, host_address: str) -> dict[str, str]:
        """The proxy's outputs; `host_address` is the engine's address as its neighbours see it."""
        return tls.doors(self.port, self.public, self.redirect, host_address, resource.settings)

    def files(self, resource: Resource, folder: PurePosixPath, connections: int, told: Any = None) -> dict[str, Any]:
        """The proxy's files for these ports, in the order in which they must be written.

        `told` is the file of listeners that it has by now, if it runs.
        """
        settings = resource.settings
        listener_file = listeners(folder, self._listeners(settings), policy_of(settings, connections, told))
        plain = plain_http.file_of(settings, self.public)
        return {**tls.files_of(settings), **({plain_http.FILE: plain} if plain else {}), listener.FILE: listener_file}

    def _listeners(self, settings: Mapping[str, Any]) -> list[Listener]:
        own = () if tls.is_fetched(settings) else tuple(tls.pems_of(settings))
        result = [Listener("local", EVERYWHERE, LOCAL_PORT, self.port, certificates=own)]
        if self.public is not None:
            http = (REDIRECT_PORT, self.redirect) if self.redirect is not None else None
            beyond = public_listeners(settings, (PUBLIC_PORT, self.public), http)
            result += [
                replace(each, port=inside(each.asked_port), front=self.front)
                if each.asked_port in self.behind
                else each
                for each in beyond
            ]
        return result


def inside(port: int) -> int:
    """Where a container listens for clients of a shared port: the front, and a proxy for the front.

    Never a port that needs a right, nor one of those above.
    """
    return port + 50_000 if port < 15_000 else port


def ports_of(container: Mapping[str, Any]) -> ProxyPorts:
    """The ports that an inspected proxy container was created with; those that the front has are none of them."""
    bindings = container["HostConfig"]["PortBindings"]

    def host_port(container_port: int) -> int | None:
        binding = bindings.get(f"{container_port}/tcp")
        return int(binding[0]["HostPort"]) if binding else None

    return ProxyPorts(host_port(LOCAL_PORT) or 0, host_port(PUBLIC_PORT), host_port(REDIRECT_PORT))


def behind_front(ports: ProxyPorts, settings: Mapping[str, Any], front: str = "") -> ProxyPorts:
    """The ports with those that the front has in the proxy's place, by the proxy's settings.

    `front`: its address in the stack's network, as far as it is needed.
    """
    behind = tuple(settings.get(BEHIND) or ()) if settings["public"] else ()
    public, redirect = (settings.get(name) for name in ("public_port", "redirect"))
    return replace(
        ports,
        public=public if public in behind else ports.public,
        redirect=redirect if redirect in behind else ports.redirect,
        behind=behind,
        front=front,
    )
