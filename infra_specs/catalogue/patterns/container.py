"""Programs that run as containers: they have an image, limits, and files that hold secrets."""

from infra_specs.catalogue import cache as caches
from infra_specs.catalogue import database as databases
from infra_specs.catalogue import files as static_files
from infra_specs.catalogue import queue as queues
from infra_specs.catalogue import volumes, web
from infra_specs.catalogue.context import Context
from infra_specs.catalogue.images import image, image_of
from infra_specs.resources.resource import Resource, SecretRef, Setting, references
from infra_specs.sizing.files import FilesSize
from infra_specs.sizing.needs import CacheSize, DatabaseSize
from infra_specs.sizing.queue import QueueSize
from infra_specs.stackfile.models.route import StaticFiles
from infra_specs.stackfile.models.service import IMAGES_OWN_ENTRYPOINT, Service
from infra_specs.stackfile.models.target import Containers
from infra_specs.stackfile.models.volumes import directory_variable

VALKEY_OVERHEAD = 64 * 2**20
"""Bytes that a Valkey's own structures and buffers may take; half as much as it keeps is for fragmentation."""


def foundation(_context: Context) -> tuple[Resource, ...]:
    """Nothing: a machine, or an engine, is there."""
    return ()


def database(context: Context, size: DatabaseSize) -> tuple[Resource, ...]:
    """The volume (data: never replaced by a plan) and the server on it (a singleton)."""
    container: dict[str, Setting] = {"image": image_of(_target(context), "database"), "limit": size.memory}
    return databases.resources(context.stack.name, size, databases.settings(size, context.secrets) | container)


def cache(context: Context, size: CacheSize) -> tuple[Resource, ...]:
    """The server. It holds its port, so its successor waits for it to go."""
    limit = size.memory * 3 // 2 + VALKEY_OVERHEAD
    container: dict[str, Setting] = {"image": image_of(_target(context), "cache"), "limit": limit}
    return caches.resources(context.stack.name, caches.NEED.settings(size.memory, context.secrets) | container)


def queue(context: Context, size: QueueSize) -> tuple[Resource, ...]:
    """The volume (data: never replaced by a plan) and the server on it (a singleton)."""
    # A copy of the process writes the file anew: until it has, all that changes is there twice.
    limit = size.memory * 5 // 2 + VALKEY_OVERHEAD
    container: dict[str, Setting] = {"image": image_of(_target(context), "cache"), "limit": limit}
    return queues.resources(context.stack.name, size, queues.settings(size, context.secrets) | container)


def service(context: Context, name: str, spec: Service, count: int) -> tuple[Resource, ...]:
    """Its volumes, and `count` equal copies of its program."""
    copies = web.copies(context, name, spec, count, program(context, name, spec))
    return (*volumes.volumes(context.stack.name, name, spec), *copies)


def program(context: Context, name: str, spec: Service) -> dict[str, Setting]:
    """What one copy runs, and with which environment. The image says in which folder its command runs."""
    folders: dict[str, Setting] = {directory_variable(volume): path for volume, path in spec.volumes.items()}
    env = web.environment(spec, context) | folders | web.own_name(name)
    files = {name: value for name, value in env.items() if spec.secrets == "files" and _is_secret(value)}
    settings: dict[str, Setting] = {
        "command": list(spec.command or ()),
        "image": image(_target(context), spec.image or ""),
        "env": {name: value for name, value in env.items() if name not in files},
        "serves": spec.port is not None,
        **web.asking(spec.health),
        "port": spec.port,
        "files": files,
        "limit": spec.memory,
        "cpus": spec.cpus,
    }
    if spec.entrypoint != IMAGES_OWN_ENTRYPOINT and (spec.command or spec.entrypoint):
        settings["entrypoint"] = list(spec.entrypoint or ())  # in place of the image's own
    if spec.volumes:
        settings["volumes"] = volumes.mounts(name, spec)
    if known := context.images.get(spec.image or ""):
        settings["image_id"] = known  # which image it is, whatever has its name later
    return settings


def files(context: Context, name: str, static: StaticFiles, size: FilesSize) -> dict[str, Setting]:
    """What the server of a service's files is told."""
    server: dict[str, Setting] = {"image": image_of(_target(context), "files"), "limit": size.memory}
    return static_files.settings(name, static, size) | server


def proxy(context: Context) -> Resource:
    """The one door to a stack. A container's published ports are its own for good, so none changes in place."""
    ports = context.stack.target.ports
    settings: dict[str, Setting] = {
        "port": ports.get("port"),
        "public_port": web.public_port(context),
        **web.proxy_settings(context),
        "image": image_of(_target(context), "proxy"),
    }
    return web.proxy(context, settings, in_place=("tls", *web.FETCHED_SETTINGS, *web.CLIENT_SETTINGS))


def _target(context: Context) -> Containers:
    target = context.stack.target
    assert isinstance(target, Containers)
    return target


def _is_secret(value: Setting) -> bool:
    return any(isinstance(reference, SecretRef) for reference in references(value))
