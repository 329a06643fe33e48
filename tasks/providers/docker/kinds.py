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
from tasks.providers.docker.container import Container, secrets_path
from tasks.providers.docker.database import database
from tasks.providers.docker.desired_settings import Wanted
from tasks.providers.docker.labels import host_of

cache_port = 6379
_of_images = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID", "KILL", "NET_BIND_SERVICE")
"""What images that begin as root need to prepare themselves and to become a user of less power."""


def wanted(resource: Resource, address: str) -> Wanted:
    """What runs a replica, a job, a database or a cache at this address of the stack's network."""
    if resource.kind not in _kinds:
        raise ProviderError(f"{resource.address}: the docker target has no kind {resource.kind}")
    return _kinds[resource.kind](resource, address)


def _replica(resource: Resource, address: str) -> Wanted:
    settings: Any = resource.settings
    port = settings.get("port")
    return Wanted(
        _program(settings),
        (Address.parse(resource.address).short, settings["service"]),
        {"endpoint": f"{address}:{port}"} if port else {},
        {"kind": "http", "port": port, "path": settings["health"]} if port else None,
    )


def _job(resource: Resource, _address: str) -> Wanted:
    return Wanted(replace(_program(resource.settings), once=True))


def _program(settings: Any) -> Container:
    """A service's own."""
    port, given = settings.get("port"), settings["env"]
    # No variable can hold bytes.
    files = {
        **(settings.get("files") or {}),
        **{key: value for key, value in given.items() if isinstance(value, bytes)},
    }
    env = {key: value for key, value in given.items() if key not in files}
    env |= {f"{name}_FILE": str(secrets_path / name) for name in files}
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
        capabilities=_of_images,
        memory=settings.get("limit"),
        cpus=settings.get("cpus"),
        init=True,
    )


def _cache(resource: Resource, _address: str) -> Wanted:
    settings: Any = resource.settings
    if settings["engine"] != "valkey":
        raise ProviderError(f"{resource.address}: this target runs valkey, not {settings['engine']}")
    container = Container(
        settings["image"],
        ("valkey-server", str(secrets_path / "valkey.conf")),
        user="valkey",
        files={"valkey.conf": valkey.conf(cache_port, settings["password"], settings["memory"], "0.0.0.0")},  # noqa: S104 - of the stack's network
        scratch=("/data",),
        memory=settings["limit"],
        stop_seconds=2,
    )
    probe = {"kind": "valkey", "port": cache_port}
    return Wanted(container, (), {"host": host_of(resource.address), "port": str(cache_port)}, probe)


_kinds: Mapping[str, Callable[[Resource, str], Wanted]] = {
    "replica": _replica,
    "job": _job,
    "database": database,
    "cache": _cache,
}
