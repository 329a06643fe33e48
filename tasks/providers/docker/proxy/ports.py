"""The ports of a stack's proxy, in the container and on the engine, and the certificate served there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from infra_specs.resources.resource import Resource
from tasks.providers.envoy import listener, tls
from tasks.providers.envoy.listener import EVERYWHERE, Listener, listeners, policy_of

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
        return tls.doors(self.port, self.public, host_address, _pem(resource))

    def files(self, resource: Resource, folder: PurePosixPath, connections: int, told: Any = None) -> dict[str, Any]:
        """The proxy's files for these ports, in the order in which they must be written.

        `told` is the file of listeners that it has by now, if it runs.
        """
        pem = _pem(resource)
        listener_file = listeners(folder, self._listeners(), policy_of(resource.settings, connections, told))
        return {**({tls.CERTIFICATE_FILE: tls.certificate(pem)} if pem else {}), listener.FILE: listener_file}

    def _listeners(self) -> list[Listener]:
        result = [Listener("local", EVERYWHERE, LOCAL_PORT, self.port)]
        if self.public is not None:
            result.append(Listener("public", EVERYWHERE, PUBLIC_PORT, self.public))
            if self.redirect is not None:
                result.append(Listener("redirect", EVERYWHERE, REDIRECT_PORT, self.redirect, redirect=self.public))
        return result


def ports_of(container: Mapping[str, Any]) -> ProxyPorts:
    """The ports that an inspected proxy container was created with."""
    bindings = container["HostConfig"]["PortBindings"]

    def host_port(container_port: int) -> int | None:
        binding = bindings.get(f"{container_port}/tcp")
        return int(binding[0]["HostPort"]) if binding else None

    return ProxyPorts(host_port(LOCAL_PORT) or 0, host_port(PUBLIC_PORT), host_port(REDIRECT_PORT))


def _pem(resource: Resource) -> str | None:
    pem = resource.settings.get("tls")
    return str(pem) if pem else None
