"""The listeners of a proxy: what it finds at its start, and how one that runs takes in others."""

from typing import Any

from docker.api.client import APIClient

from infra_specs.resources.resource import Resource
from infra_specs.sizing.connections import connection_limit
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.proxy import admin
from tasks.providers.docker.proxy.folder import FOLDER_PATH, Folder
from tasks.providers.docker.proxy.ports import ProxyPorts
from tasks.providers.envoy import listener, tls
from tasks.providers.envoy.config_push import await_certificate, await_listeners
from tasks.providers.envoy.files import bootstrap

_ADMIN_ADDRESS = {"socket_address": {"address": "127.0.0.1", "port_value": admin.ADMIN_PORT}}
_MAX_OPEN_FILES = 524_288
"""Files that a program in a container may open, unless somebody lowered what engines give."""


def first_files(api: APIClient, resource: Resource, ports: ProxyPorts) -> dict[str, Any]:
    """What it must find at its start, routes aside."""
    listener_files = ports.files(resource, FOLDER_PATH, _connections(api))
    return {"bootstrap.json": bootstrap(resource.stack, FOLDER_PATH, _ADMIN_ADDRESS), **listener_files}


def change_listeners(api: Engine, container: str, resource: Resource, ports: ProxyPorts) -> None:
    """Have one that runs take in its certificate, whom it trusts and how long it waits; no request is lost."""
    folder = Folder(api, container)
    files = ports.files(resource, FOLDER_PATH, _connections(api), folder.read().get(listener.FILE))
    for name, data in files.items():
        folder.write({name: data})
    if tls.CERTIFICATE_FILE in files:
        pem = str(resource.settings["tls"])
        await_certificate(lambda: admin.certificates(api, container), pem, resource.address)
    version = files[listener.FILE]["version_info"]
    await_listeners(lambda: admin.listeners(api, container), version, resource.address)
    if tls.CERTIFICATE_FILE not in files:
        folder.remove([tls.CERTIFICATE_FILE])


def _connections(api: APIClient) -> int:
    return connection_limit(int(api.info()["MemTotal"]), _MAX_OPEN_FILES)
