"""The kind `proxy`: an Envoy that reads everything from files, so that no change of routes restarts it."""

import os
import resource as limits
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.sizing.connections import connection_limit
from tasks.base.atomic_write import draft_of
from tasks.base.clock import now
from tasks.providers import machine
from tasks.providers.envoy import listener, plain_http, tls
from tasks.providers.envoy.config_push import await_certificates, await_listeners
from tasks.providers.envoy.files import DRAINING, bootstrap
from tasks.providers.envoy.listener import LOOPBACK, Listener, listeners, policy_of, public_listeners
from tasks.providers.envoy.route_state import PUSH_SECONDS
from tasks.providers.host_address import own_address
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import binaries, ports
from tasks.providers.local.accounts.identity import as_account, refuse_closed
from tasks.providers.local.envoy import admin
from tasks.providers.local.envoy.config_push import push_config, records
from tasks.providers.local.files import make_folder, read_json, remove_any, write_json
from tasks.providers.local.patience import PATIENCE_SECONDS
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.port_owner import fault_of
from tasks.supervisor.process import Probe, Process

_MANY_FILES = 2**20
"""Where nothing bounds them; Linux bounds them here by itself."""
_ADMIN_ADDRESS = {"pipe": {"path": admin.SOCKET, "mode": 0o600}}


def proxy(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it; the routes that are recorded already are served from its first moment on."""
    folder, owner = _make_folder(stack_folder), stack_folder.owner
    make_folder((folder / admin.SOCKET).parent, owner=owner)
    remove_any(folder / admin.SOCKET)
    outputs = listen(stack_folder, resource)
    write_json(folder / "bootstrap.json", bootstrap(stack_folder.stack, folder, _ADMIN_ADDRESS), owner=owner)
    push_config(stack_folder, records(stack_folder), waiting=False)
    options = (
        "--disable-hot-restart",
        "--reject-unknown-dynamic-fields",
        *DRAINING,
        "--concurrency",
        str(min(os.cpu_count() or 1, 4)),
    )
    program = binaries.envoy()
    refuse_closed(stack_folder, resource, str(program.parent))
    return Process(
        name=name_of(resource.address, incarnation),
        **as_account(stack_folder, str(program.parent)),
        low_ports=True,
        owned=True,
        argv=(str(program), "-c", str(folder / "bootstrap.json"), *options, "-l", "warning"),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
        cwd=str(folder),  # its admin socket is named from here: the whole path may be longer than a socket's may be
        probe=Probe("socket", int(outputs["port"]), str(folder / admin.SOCKET), patience=PATIENCE_SECONDS),
        labels=labels_of(resource, incarnation, outputs),
    )


def listen(stack_folder: StackFolder, resource: Resource, *, running: bool = False) -> dict[str, str]:
    """Choose the ports, write the listeners, and say where it can be reached.

    One that is `running` starts or stops to listen beyond loopback at once; its loopback port is its own for good.
    """
    settings: Any = resource.settings
    _make_folder(stack_folder)
    owner = stack_folder.owner
    if running and settings["port"] not in (None, int(outputs_of(stack_folder)["port"])):
        raise ProviderError(f"{resource.address}: the port of a running proxy cannot be changed: replace it")
    port = ports.take(
        stack_folder.home, stack_folder.stack, resource.address, settings["port"], in_use=running, known=True
    )
    public = _public_port(stack_folder, resource, running=running)
    redirect = _redirect(stack_folder, resource, running=running) if public else None
    outputs = tls.doors(port, public, redirect, own_address(), settings)
    told = read_json(stack_folder.proxy / listener.FILE) if running else None
    listener_file = listeners(
        stack_folder.proxy, _listeners(settings, port, public, redirect), policy_of(settings, _connections(), told)
    )
    files = {**tls.files_of(settings), listener.FILE: listener_file}
    write_json(stack_folder.proxy / "outputs.json", outputs)
    if running:
        _change(stack_folder, resource, files, plain_http.file_of(settings, public))
        return outputs
    plain = plain_http.file_of(settings, public)
    for name, data in {**files, **({plain_http.FILE: plain} if plain else {})}.items():
        write_json(stack_folder.proxy / name, data, owner=owner)
    _tidy(stack_folder, files, plain)
    return outputs


def _change(stack_folder: StackFolder, resource: Resource, files: Mapping[str, Any], plain: Any) -> None:
    """Have one that runs take in its files.

    The listeners leave to the routes which paths are refused, and where plain HTTP is led: so these come first, and
    what leads to a new listener after it.
    """
    folder, owner = stack_folder.proxy, stack_folder.owner
    for name in sorted(files.keys() - {listener.FILE}):
        write_json(folder / name, files[name], owner=owner)
    if plain:
        first = plain_http.before_listeners(plain, read_json(folder / plain_http.FILE))
        write_json(folder / plain_http.FILE, first, owner=owner)
    push_config(stack_folder, records(stack_folder))
    write_json(folder / listener.FILE, files[listener.FILE], owner=owner)
    await_certificates(lambda: admin.certificates(folder), tls.pems_of(resource.settings).values(), resource.address)
    version = files[listener.FILE]["version_info"]
    await_listeners(lambda: admin.listeners(folder), version, resource.address)
    if plain:
        write_json(folder / plain_http.FILE, plain, owner=owner)
        push_config(stack_folder, records(stack_folder))
    _tidy(stack_folder, files, plain)


def _tidy(stack_folder: StackFolder, files: Mapping[str, Any], plain: Any) -> None:
    names = [path.name for path in stack_folder.proxy.glob("*.json")]
    for name in plain_http.leftovers(names, files, plain):
        for path in (stack_folder.proxy / name, draft_of(stack_folder.proxy / name)):
            path.unlink(missing_ok=True)


def _public_port(stack_folder: StackFolder, resource: Resource, *, running: bool) -> int | None:
    """The port beyond loopback; None, and what it had is free again, where nothing is public."""
    settings: Any = resource.settings
    home, stack, owner = stack_folder.home, stack_folder.stack, _public_owner(resource.address)
    if settings["public"]:
        return ports.take(home, stack, owner, settings["public_port"], in_use=running, known=True)
    ports.release(home, stack, owner)
    return None


def _listeners(settings: Mapping[str, Any], port: int, public: int | None, redirect: int | None) -> list[Listener]:
    own = () if tls.is_fetched(settings) else tuple(tls.pems_of(settings))
    result = [Listener("local", LOOPBACK, port, port, certificates=own)]
    if public is not None:
        http = (redirect, redirect) if redirect is not None else None
        result += public_listeners(settings, (public, public), http)
    return result


def _connections() -> int:
    """By this machine's memory and the files that a program started from here may open: the proxy takes them all."""
    memory = machine.free_memory()
    files = limits.getrlimit(limits.RLIMIT_NOFILE)[1]
    return connection_limit(memory.total if memory else 0, files if files != limits.RLIM_INFINITY else _MANY_FILES)


def _make_folder(stack_folder: StackFolder) -> Path:
    """The account reads it, for it watches it for changes; only who runs us writes there."""
    account = stack_folder.account
    return (
        make_folder(stack_folder.proxy, 0o750, (os.geteuid(), account.gid))
        if account
        else make_folder(stack_folder.proxy)
    )


def _redirect(stack_folder: StackFolder, resource: Resource, *, running: bool) -> int | None:
    owner, port = _redirect_owner(resource.address), resource.settings.get("redirect")
    if not isinstance(port, int):
        ports.release(stack_folder.home, stack_folder.stack, owner)
        return None
    return ports.take(stack_folder.home, stack_folder.stack, owner, port, in_use=running)


def _public_owner(address: str) -> str:
    return f"{address}:public"


def _redirect_owner(address: str) -> str:
    return f"{address}:redirect"


def public_health(stack_folder: StackFolder, instance: Instance, pid: int | None) -> Health:
    """A proxy's health, which its supervisor asks on loopback, with its ports beyond: it must serve them, too."""
    health = instance.health
    if health.state != "healthy" or pid is None:
        return health
    listening = listener.ports_of(read_json(stack_folder.proxy / listener.FILE))
    for owner in (_public_owner(instance.address), _redirect_owner(instance.address)):
        port = ports.of_owner(stack_folder.home, stack_folder.stack, owner)
        # Without a certificate the public port is kept, and nobody listens there.
        if port and port in listening and (fault := fault_of(port, pid)):
            told_at = (stack_folder.proxy / "listeners.json").stat().st_mtime
            late = now() - max(health.since, told_at) > PUSH_SECONDS
            return Health("failed" if late else "starting", fault, health.since)
    return health


def outputs_of(stack_folder: StackFolder) -> dict[str, str]:
    """Where the stack's proxy can be reached; empty if there is none."""
    outputs: dict[str, str] | None = read_json(stack_folder.proxy / "outputs.json")
    return outputs or {}
