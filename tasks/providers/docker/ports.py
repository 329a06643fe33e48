"""Where a stack's proxy listens: its ports in the container and outside, and the certificate that it shows there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from infra_specs.resources.resource import Resource
from tasks.providers.envoy import listener, tls
from tasks.providers.envoy.listener import EVERYWHERE, Listener, listeners, policy_of

inner_port, inner_public, inner_redirect = 8080, 8081, 8082


@dataclass(frozen=True, slots=True)
class Doors:
    """The engine's ports: on its loopback, and on every address for what is public and for the redirect to HTTPS."""

    port: int
    public: int | None = None
    redirect: int | None = None

    @property
    def published(self) -> dict[int, tuple[str, int]]:
        """Port in the container -> address and port of the engine."""
        found = {inner_port: ("127.0.0.1", self.port)}
        if self.public is not None:
            found[inner_public] = (EVERYWHERE, self.public)
        if self.redirect is not None:
            found[inner_redirect] = (EVERYWHERE, self.redirect)
        return found

    def outputs(self, resource: Resource, outside: str) -> dict[str, str]:
        """Where it is reached; `outside` is the engine's address for its neighbours."""
        return tls.doors(self.port, self.public, outside, _pem(resource))

    def files(self, resource: Resource, folder: PurePosixPath, connections: int) -> dict[str, Any]:
        """What the proxy is told of them, in the order in which it must find it; `connections` as in ClientPolicy."""
        pem = _pem(resource)
        told = listeners(folder, self._listeners(), policy_of(resource.settings, connections))
        return {**({tls.file: tls.certificate(pem)} if pem else {}), listener.FILE: told}

    def _listeners(self) -> list[Listener]:
        wanted = [Listener("local", EVERYWHERE, inner_port, self.port)]
        if self.public is not None:
            wanted.append(Listener("public", EVERYWHERE, inner_public, self.public))
            if self.redirect is not None:
                wanted.append(Listener("redirect", EVERYWHERE, inner_redirect, self.redirect, redirect=self.public))
        return wanted


def doors_of(container: Mapping[str, Any]) -> Doors:
    """Those of a container (inspected) that was made with them."""
    bound = container["HostConfig"]["PortBindings"]

    def of(inner: int) -> int | None:
        found = bound.get(f"{inner}/tcp")
        return int(found[0]["HostPort"]) if found else None

    return Doors(of(inner_port) or 0, of(inner_public), of(inner_redirect))


def _pem(resource: Resource) -> str | None:
    found = resource.settings.get("tls")
    return str(found) if found else None
