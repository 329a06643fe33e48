"""Where a stack's proxy listens: its ports in the container and outside, and the certificate that it shows there."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from infra_specs.plan.resource import Resource
from tasks.providers.envoy import tls
from tasks.providers.envoy.files import listeners

inner_port, inner_public, inner_redirect = 8080, 8081, 8082
_every_address = "0.0.0.0"  # noqa: S104 - inside the container, or of the engine where `public: true` asks for it


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
            found[inner_public] = (_every_address, self.public)
        if self.redirect is not None:
            found[inner_redirect] = (_every_address, self.redirect)
        return found

    def outputs(self, resource: Resource, outside: str) -> dict[str, str]:
        """Where it is reached; `outside` is the engine's address for its neighbours."""
        return tls.doors(self.port, self.public, outside, _pem(resource))

    def files(self, resource: Resource, folder: PurePosixPath) -> dict[str, Any]:
        """What the proxy is told of them, in the order in which it must find it."""
        pem = _pem(resource)
        told = listeners(
            folder,
            inner_port,
            inner_public if self.public is not None else None,
            _every_address,
            secure=pem is not None,
            redirect=(inner_redirect, self.public) if self.redirect is not None and self.public is not None else None,
        )
        return {**({tls.file: tls.certificate(pem)} if pem else {}), "listeners.json": told}


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
