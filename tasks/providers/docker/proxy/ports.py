"""The ports of a stack's proxy, in the container and on the engine, and the certificate served there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from infra_specs.resources.resource import Resource
from tasks.providers.envoy import listener, plain_http, tls
from tasks.providers.envoy.listener import EVERYWHERE, Listener, listeners, policy_of, public_listeners

LOCAL_PORT, PUBLIC_PORT, REDIRECT_PORT = 8080, 8081, 8082


@dataclass(frozen=True, slots=True)
class ProxyPorts:
    """The engine's ports: one on loopback; the public port and the HTTPS redirect on every address."""

    port: int
    public: int | None = None
    redirect: int | None = None

    @property
    def published(self) -> dict[int, tuple[str, int]]:
        """Port in the container -> address and port of the engine."""
        ports = {LOCAL_PORT: ("127.0.0.1", self.port)}
        if self.public is not None:
            ports[PUBLIC_PORT] = (EVERYWHERE, self.public)
        if self.redirect is not None:
            ports[REDIRECT_PORT] = (EVERYWHERE, self.redirect)
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
            result += public_listeners(settings, (PUBLIC_PORT, self.public), http)
        return result


def ports_of(container: Mapping[str, Any]) -> ProxyPorts:
    """The ports that an inspected proxy container was created with."""
    bindings = container["HostConfig"]["PortBindings"]

    def host_port(container_port: int) -> int | None:
        binding = bindings.get(f"{container_port}/tcp")
        return int(binding[0]["HostPort"]) if binding else None

    return ProxyPorts(host_port(LOCAL_PORT) or 0, host_port(PUBLIC_PORT), host_port(REDIRECT_PORT))
