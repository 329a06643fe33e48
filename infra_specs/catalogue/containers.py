"""What differs where resources are containers: they have an image, limits, and files that hold secrets.

The needs, addresses and references are those of every target; only settings are added or left out here.
"""

from collections.abc import Mapping
from dataclasses import replace

from infra_specs.catalogue import volumes
from infra_specs.catalogue.images import image, image_of
from infra_specs.catalogue.web import CLIENT_SETTINGS
from infra_specs.resources.resource import Resource, SecretRef, Setting, references
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.target import Docker
from infra_specs.stackfile.models.volumes import directory_variable

CACHE_OVERHEAD = 64 * 2**20
"""Bytes that a Valkey's own structures, buffers and fragmentation may take beside what it keeps."""


def in_container(
    resource: Resource, target: Docker, services: Mapping[str, Service], images: Mapping[str, str]
) -> Resource:
    """The same resource as a container; volumes and routes stay as they are."""
    settings = dict(resource.settings)
    match resource.kind:
        case "replica":
            name = str(settings["service"])
            return _with(
                resource, _replica(settings, target, name, services[name]) | _image_id_setting(services[name], images)
            )
        case "database":
            return _with(resource, settings | {"image": image_of(target, "database"), "limit": settings["memory"]})
        case "cache":
            limit = _number(settings["memory"]) * 3 // 2 + CACHE_OVERHEAD
            return _with(resource, settings | {"image": image_of(target, "cache"), "limit": limit})
        case "proxy":
            ports: dict[str, Setting] = {"port": target.port, "public_port": target.public_port}
            proxy = _with(resource, settings | ports | {"image": image_of(target, "proxy")})
            # A container's published ports are its own for good.
            return replace(proxy, mutable=("tls", *CLIENT_SETTINGS))
    return resource


def _with(resource: Resource, settings: Mapping[str, Setting]) -> Resource:
    return replace(resource, settings=settings, digests={})


def _replica(settings: dict[str, Setting], target: Docker, name: str, service: Service) -> dict[str, Setting]:
    del settings["folder"]  # the image says where its command runs
    env = settings["env"]
    assert isinstance(env, Mapping)
    env = {**env, **{directory_variable(volume): path for volume, path in service.volumes.items()}}
    files = {name: value for name, value in env.items() if service.secrets == "files" and _secret(value)}
    return settings | {
        "image": image(target, service.image or ""),
        "port": service.port,
        "env": {name: value for name, value in env.items() if name not in files},
        "files": files,
        "limit": service.memory,
        "cpus": service.cpus,
        **({"volumes": volumes.mounts(name, service)} if service.volumes else {}),
    }


def _image_id_setting(service: Service, images: Mapping[str, str]) -> dict[str, Setting]:
    """Which image it is, whatever has its name later."""
    image_id = images.get(service.image or "")
    return {"image_id": image_id} if image_id else {}


def _secret(value: Setting) -> bool:
    return any(isinstance(reference, SecretRef) for reference in references(value))


def _number(value: Setting) -> int:
    assert isinstance(value, int)
    return value
