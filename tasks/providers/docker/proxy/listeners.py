"""The listeners of a proxy: what it finds at its start, and how one that runs takes in others."""

from collections.abc import Callable
from typing import Any

from docker.api.client import APIClient

from infra_specs.resources.resource import Resource
from infra_specs.sizing.connections import connection_limit
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.proxy import admin
from tasks.providers.docker.proxy.folder import FOLDER_PATH, Folder
from tasks.providers.docker.proxy.ports import ProxyPorts
from tasks.providers.envoy import listener, plain_http, tls
from tasks.providers.envoy.config_push import await_certificates, await_listeners
from tasks.providers.envoy.files import bootstrap

_ADMIN_ADDRESS = {"socket_address": {"address": "127.0.0.1", "port_value": admin.ADMIN_PORT}}
_MAX_OPEN_FILES = 524_288
"""Files that a program in a container may open, unless somebody lowered what engines give."""


def first_files(api: APIClient, resource: Resource, ports: ProxyPorts) -> dict[str, Any]:
    """What it must find at its start, routes aside."""
    listener_files = ports.files(resource, FOLDER_PATH, connections(api))
    return {"bootstrap.json": first_bootstrap(resource.stack), **listener_files}


def first_bootstrap(stack: str) -> dict[str, Any]:
    """What an Envoy in a container begins with."""
    return bootstrap(stack, FOLDER_PATH, _ADMIN_ADDRESS)


def change_listeners(
    api: Engine, container: str, resource: Resource, ports: ProxyPorts, tell_routes: Callable[[], None]
) -> None:
    """Have one that runs take in its certificates, whom it trusts and how long it waits; no request is lost.

    `tell_routes` has it take in the routes that its files ask for. The listeners leave to the routes which paths are
    refused, and where plain HTTP is led: so these come first, and what leads to a new listener after it.
    """
    folder = Folder(api, container)
    before = folder.read()
    files = ports.files(resource, FOLDER_PATH, connections(api), before.get(listener.FILE))
    plain = files.pop(plain_http.FILE, None)
    for name in sorted(files.keys() - {listener.FILE}):
        folder.write({name: files[name]})
    if plain:
        folder.write({plain_http.FILE: plain_http.before_listeners(plain, before.get(plain_http.FILE))})
    tell_routes()
    folder.write({listener.FILE: files[listener.FILE]})
    await_certificates(
        lambda: admin.certificates(api, container), tls.pems_of(resource.settings).values(), resource.address
    )
    version = files[listener.FILE]["version_info"]
    await_listeners(lambda: admin.listeners(api, container), version, resource.address)
    if plain:
        folder.write({plain_http.FILE: plain})
        tell_routes()
    folder.remove(plain_http.leftovers(before, files, plain))


def connections(api: APIClient) -> int:
    """How many connections an Envoy takes, by the engine's memory."""
    return connection_limit(int(api.info()["MemTotal"]), _MAX_OPEN_FILES)
