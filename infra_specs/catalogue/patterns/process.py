"""Programs that run as processes in a folder of the machine."""

import posixpath

from infra_specs.catalogue import cache as caches
from infra_specs.catalogue import database as databases
from infra_specs.catalogue import files as static_files
from infra_specs.catalogue import queue as queues
from infra_specs.catalogue import volumes, web
from infra_specs.catalogue.context import Context
from infra_specs.resources.resource import Resource, Setting
from infra_specs.sizing.files import FilesSize
from infra_specs.sizing.needs import CacheSize, DatabaseSize
from infra_specs.sizing.queue import QueueSize
from infra_specs.stackfile.models.route import StaticFiles
from infra_specs.stackfile.models.service import Service
from infra_specs.stackfile.models.target import Local


def foundation(_context: Context) -> tuple[Resource, ...]:
    """Nothing: a machine, or an engine, is there."""
    return ()


def database(context: Context, size: DatabaseSize) -> tuple[Resource, ...]:
    """The volume (data: never replaced by a plan) and the server on it (a singleton)."""
    return databases.resources(context.stack.name, size, databases.settings(size, context.secrets))


def cache(context: Context, size: CacheSize) -> tuple[Resource, ...]:
    """The server. It holds its port, so its successor waits for it to go."""
    return caches.resources(context.stack.name, caches.NEED.settings(size.memory, context.secrets))


def queue(context: Context, size: QueueSize) -> tuple[Resource, ...]:
    """The volume (data: never replaced by a plan) and the server on it (a singleton)."""
    return queues.resources(context.stack.name, size, queues.settings(size, context.secrets))


def service(context: Context, name: str, spec: Service, count: int) -> tuple[Resource, ...]:
    """Its volumes, and `count` equal copies of its program."""
    copies = web.copies(context, name, spec, count, program(context, name, spec))
    return (*volumes.volumes(context.stack.name, name, spec), *copies)


def program(context: Context, name: str, spec: Service) -> dict[str, Setting]:
    """What one copy runs, and with which environment."""
    settings: dict[str, Setting] = {
        "command": list(spec.command or ()),
        "image": spec.image,
        "folder": posixpath.normpath(posixpath.join(context.source, spec.folder)),
        "env": web.environment(spec, context) | volumes.directory_variables(name, spec) | web.own_name(name),
        "serves": spec.port is not None,
        **web.asking(spec.health),
    }
    if known := context.code.get(name):
        settings["code"] = known  # what the folder held, whatever is edited in it later
    return settings


def files(_context: Context, name: str, static: StaticFiles, size: FilesSize) -> dict[str, Setting]:
    """What the server of a service's files is told."""
    return static_files.settings(name, static, size)


def proxy(context: Context) -> Resource:
    """The one door to a stack: on loopback, and beyond it only if a service is public."""
    ports = context.stack.target.ports if isinstance(context.stack.target, Local) else {}
    settings: dict[str, Setting] = {
        "port": ports.get("port"),
        "public_port": web.public_port(context),
        **web.proxy_settings(context),
    }
    beyond = ("public", "public_port", "redirect", web.BEHIND)
    return web.proxy(context, settings, in_place=(*beyond, "tls", *web.FETCHED_SETTINGS, *web.CLIENT_SETTINGS))
