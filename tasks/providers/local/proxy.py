"""The kind `proxy`: an Envoy that reads everything from files, so that no change of routes restarts it."""

import os
import resource as limits
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.sizing.connections import connection_limit
from tasks.base.clock import now
from tasks.providers import machine
from tasks.providers.envoy import listener, tls
from tasks.providers.envoy.config_push import await_certificate, await_listeners
from tasks.providers.envoy.files import DRAINING, bootstrap
from tasks.providers.envoy.listener import EVERYWHERE, LOOPBACK, Listener, listeners, policy_of
from tasks.providers.envoy.route_state import telling_seconds
from tasks.providers.host_address import own_address
from tasks.providers.labels import labels_of, name_of
from tasks.providers.local import admin, binaries, ports
from tasks.providers.local.config_push import publish, records
from tasks.providers.local.files import fresh_of, make_folder, read_json, remove_any, write_json
from tasks.providers.local.identity import as_account, refuse_closed
from tasks.providers.local.stack_folder import Place
from tasks.supervisor.port_owner import fault_of
from tasks.supervisor.process import Probe, Process

_MANY_FILES = 2**20
"""Where nothing bounds them; Linux bounds them here by itself."""
_admin = {"pipe": {"path": admin.SOCKET, "mode": 0o600}}


def proxy(place: Place, resource: Resource, incarnation: int) -> Process:
    """What runs it; the routes that are recorded already are served from its first moment on."""
    folder, owner = _make_folder(place), place.owner
    make_folder((folder / admin.SOCKET).parent, owner=owner)
    remove_any(folder / admin.SOCKET)
    outputs = listen(place, resource)
    write_json(folder / "bootstrap.json", bootstrap(place.stack, folder, _admin), owner=owner)
    publish(place, records(place), waiting=False)
    options = (
        "--disable-hot-restart",
        "--reject-unknown-dynamic-fields",
        *DRAINING,
        "--concurrency",
        str(min(os.cpu_count() or 1, 4)),
    )
    program = binaries.envoy()
    refuse_closed(place, resource, str(program.parent))
    return Process(
        name=name_of(resource.address, incarnation),
        **as_account(place, str(program.parent)),
        low_ports=True,
        argv=(str(program), "-c", str(folder / "bootstrap.json"), *options, "-l", "warning"),
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "TZ": "UTC"},
        cwd=str(folder),  # its admin socket is named from here: the whole path may be longer than a socket's may be
        probe=Probe("tcp", port=int(outputs["port"])),
        labels=labels_of(resource, incarnation, outputs),
    )


def listen(place: Place, resource: Resource, *, running: bool = False) -> dict[str, str]:
    """Choose the ports, write the listeners, and say where it can be reached.

    One that is `running` starts or stops to listen beyond loopback at once; its loopback port is its own for good.
    """
    settings: Any = resource.settings
    _make_folder(place)
    owner = place.owner
    if running and settings["port"] not in (None, int(outputs_of(place)["port"])):
        raise ProviderError(f"{resource.address}: the port of a running proxy cannot be changed: replace it")
    port = ports.take(place.home, place.stack, resource.address, settings["port"], in_use=running, known=True)
    public_owner = _public_owner(resource.address)
    public: int | None = None
    if settings["public"]:
        public = ports.take(place.home, place.stack, public_owner, settings["public_port"], in_use=running, known=True)
    else:
        ports.release(place.home, place.stack, public_owner)
    pem: str | None = settings.get("tls")
    redirect = _redirect(place, resource, running=running) if public else None
    outputs = tls.doors(port, public, own_address(), pem)
    if pem:
        write_json(place.proxy / tls.file, tls.certificate(pem), owner=owner)
    told = listeners(place.proxy, _listeners(port, public, redirect), policy_of(settings, _connections()))
    write_json(place.proxy / listener.FILE, told, owner=owner)
    write_json(place.proxy / "outputs.json", outputs)
    if pem and running:
        await_certificate(lambda: admin.certificates(place.proxy), pem, resource.address)
    if running:
        await_listeners(lambda: admin.listeners(place.proxy), told["version_info"], resource.address)
    if not pem:
        for path in (place.proxy / tls.file, fresh_of(place.proxy / tls.file)):
            path.unlink(missing_ok=True)
    return outputs


def _listeners(port: int, public: int | None, redirect: int | None) -> list[Listener]:
    wanted = [Listener("local", LOOPBACK, port, port)]
    if public is not None:
        wanted.append(Listener("public", EVERYWHERE, public, public))
        if redirect is not None:
            wanted.append(Listener("redirect", EVERYWHERE, redirect, redirect, redirect=public))
    return wanted


def _connections() -> int:
    """By this machine's memory and the files that a program started from here may open: the proxy takes them all."""
    known = machine.free_memory()
    files = limits.getrlimit(limits.RLIMIT_NOFILE)[1]
    return connection_limit(known.total if known else 0, files if files != limits.RLIM_INFINITY else _MANY_FILES)


def _make_folder(place: Place) -> Path:
    """The account reads it, for it watches it for changes; only who runs us writes there."""
    account = place.account
    return make_folder(place.proxy, 0o750, (os.geteuid(), account.gid)) if account else make_folder(place.proxy)


def _redirect(place: Place, resource: Resource, *, running: bool) -> int | None:
    owner, wanted = _redirect_owner(resource.address), resource.settings.get("redirect")
    if not isinstance(wanted, int):
        ports.release(place.home, place.stack, owner)
        return None
    return ports.take(place.home, place.stack, owner, wanted, in_use=running)


def _public_owner(address: str) -> str:
    return f"{address}:public"


def _redirect_owner(address: str) -> str:
    return f"{address}:redirect"


def public_health(place: Place, instance: Instance, pid: int | None) -> Health:
    """A proxy's health, which its supervisor asks on loopback, with its ports beyond: it must serve them, too."""
    health = instance.health
    if health.state != "healthy" or pid is None:
        return health
    for owner in (_public_owner(instance.address), _redirect_owner(instance.address)):
        port = ports.of_owner(place.home, place.stack, owner)
        if port and (why := fault_of(port, pid)):
            told = (place.proxy / "listeners.json").stat().st_mtime
            late = now() - max(health.since, told) > telling_seconds
            return Health("failed" if late else "starting", why, health.since)
    return health


def outputs_of(place: Place) -> dict[str, str]:
    """Where the stack's proxy can be reached; empty if there is none."""
    found: dict[str, str] | None = read_json(place.proxy / "outputs.json")
    return found or {}
