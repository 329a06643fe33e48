"""The files of a volume that anybody may read: a small server of its own beside the service, and the route to it."""

from collections.abc import Mapping

from infra_specs.catalogue.volumes import volume_address
from infra_specs.catalogue.web import PROXY_ADDRESS
from infra_specs.resources.address import FILES, Address
from infra_specs.resources.resource import Ref, Resource, Setting
from infra_specs.resources.services import ENDPOINT
from infra_specs.sizing.files import FilesSize
from infra_specs.stackfile.models.route import StaticFiles
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.stack import Stack

HEALTH_PATH = "/.well"
"""Answered without the proxy alone. No file is there, since none that begins with a dot is served."""


def settings(name: str, static: StaticFiles, size: FilesSize) -> dict[str, Setting]:
    """What the server is told on every target. It reads the volume, and its paths begin at the volume's own."""
    return {
        "service": name,
        "volume": Ref(volume_address(name, static.volume), "path"),
        "memory": size.memory,
        "health": HEALTH_PATH,
    }


def resources(
    stack: Stack, name: str, service: Service, static: StaticFiles, settings: Mapping[str, Setting]
) -> tuple[Resource, ...]:
    """The server with these settings, and the route to it.

    It writes nothing, so a successor starts beside it. Another path is a change of the route alone, in place.
    """
    address = str(Address("files", name))
    server = Resource(stack.name, address, "files", settings, drain_seconds=service.drain)
    return server, _route(stack, name, service, static, address)


def _route(stack: Stack, name: str, service: Service, static: StaticFiles, server: str) -> Resource:
    settings: dict[str, Setting] = {
        "service": name,
        "files": True,
        "host": service.route.host,
        "path": static.path,
        "sticky": False,
        "secure": stack.tls is not None,
        "request_timeout": service.route.timeouts.request,
        "idle_timeout": service.route.timeouts.idle,
        "public": service.public,
        "health": HEALTH_PATH,
        "endpoints": [Ref(server, ENDPOINT)],
    }
    address = str(Address("route", name, FILES))
    return Resource(stack.name, address, "route", settings, mutable=tuple(settings), after=(PROXY_ADDRESS,))
