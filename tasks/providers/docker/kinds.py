"""The kinds that are containers: from a resolved resource to what is run.

The services of the catalogue run from the official images' contracts: names of variables, paths, users, ports.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from docker.types import Mount

from infra_specs.errors import ProviderError
from infra_specs.resources.address import Address
from infra_specs.resources.resource import Resource
from tasks.providers import valkey
from tasks.providers.docker.container import SECRETS_PATH, Container
from tasks.providers.docker.database import database
from tasks.providers.docker.desired_settings import DesiredContainer
from tasks.providers.docker.labels import host_of

CACHE_PORT = 6379
_IMAGE_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "KILL", "NET_BIND_SERVICE")
"""What images that begin as root need to prepare themselves and to become a user of less power."""


def desired_container(resource: Resource, address: str) -> DesiredContainer:
    """What runs a replica, a job, a database or a cache at this address of the stack's network."""
    if resource.kind not in _KINDS:
        raise ProviderError(f"{resource.address}: the docker target has no kind {resource.kind}")
    return _KINDS[resource.kind](resource, address)


def _replica(resource: Resource, address: str) -> DesiredContainer:
    settings: Any = resource.settings
    port = settings.get("port")
    return DesiredContainer(
        _program(settings),
        (Address.parse(resource.address).short, settings["service"]),
        {"endpoint": f"{address}:{port}"} if port else {},
        {"kind": "http", "port": port, "path": settings["health"]} if port else None,
    )


def _job(resource: Resource, _address: str) -> DesiredContainer:
    return DesiredContainer(replace(_program(resource.settings), once=True))


def _program(settings: Any) -> Container:
    """A service's own."""
    port, variables = settings.get("port"), settings["env"]
    # No variable can hold bytes.
    files = {
        **(settings.get("files") or {}),
        **{key: value for key, value in variables.items() if isinstance(value, bytes)},
    }
    env = {key: value for key, value in variables.items() if key not in files}
    env |= {f"{name}_FILE": str(SECRETS_PATH / name) for name in files}
    if port:
        env["PORT"] = str(port)
    return Container(
        settings["image"],
        tuple(settings["command"]) or None,
        env,
        files=files,
        volumes={path: Mount(path, name, type="volume") for path, name in (settings.get("volumes") or {}).items()},
        # Whose image it is knows what it writes where and as whom.
        read_only=False,
        capabilities=_IMAGE_CAPABILITIES,
        memory=settings.get("limit"),
        cpus=settings.get("cpus"),
        init=True,
    )


def _cache(resource: Resource, _address: str) -> DesiredContainer:
    settings: Any = resource.settings
    if settings["engine"] != "valkey":
        raise ProviderError(f"{resource.address}: this target runs valkey, not {settings['engine']}")
    container = Container(
        settings["image"],
        ("valkey-server", str(SECRETS_PATH / "valkey.conf")),
        user="valkey",
        files={"valkey.conf": valkey.conf(CACHE_PORT, settings["password"], settings["memory"], "0.0.0.0")},  # noqa: S104 - of the stack's network
        scratch=("/data",),
        memory=settings["limit"],
        stop_seconds=2,
    )
    probe = {"kind": "valkey", "port": CACHE_PORT}
    return DesiredContainer(container, (), {"host": host_of(resource.address), "port": str(CACHE_PORT)}, probe)


_KINDS: Mapping[str, Callable[[Resource, str], DesiredContainer]] = {
    "replica": _replica,
    "job": _job,
    "database": database,
    "cache": _cache,
}

CONTAINER_KINDS = frozenset({*_KINDS, "proxy"})
