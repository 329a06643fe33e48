"""The kind `proxy`: an Envoy that reads everything from files, so that no change of routes restarts it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from infra_specs.catalogue.web import BEHIND, PROXY_ADDRESS
from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.base.atomic_write import draft_of
from tasks.base.clock import now
from tasks.base.poll import wait_until
from tasks.providers.envoy import listener, plain_http, tls
from tasks.providers.envoy.config_push import await_certificates, await_listeners
from tasks.providers.envoy.listener import LOOPBACK, Listener, listeners, policy_of, public_listeners
from tasks.providers.envoy.route_state import PUSH_SECONDS
from tasks.providers.host_address import own_address
from tasks.providers.local import doors, ports
from tasks.providers.local.envoy import admin
from tasks.providers.local.envoy.config_push import push_config, records
from tasks.providers.local.envoy.program import connections, envoy_process, make_folder_of_envoy
from tasks.providers.local.files import read_json, write_json
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.port_owner import fault_of
from tasks.supervisor.process import Process

_CLOSING_SECONDS = 5.0
"""How long a port may stay open after its proxy has taken in that it closes; usually milliseconds."""


def proxy(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it; the routes that are recorded already are served from its first moment on."""
    make_folder_of_envoy(stack_folder)
    outputs = listen(stack_folder, resource)
    push_config(stack_folder, records(stack_folder), waiting=False)
    return envoy_process(stack_folder, resource, incarnation, outputs, port=int(outputs["port"]))


def listen(stack_folder: StackFolder, resource: Resource, *, running: bool = False) -> dict[str, str]:
    """Choose the ports, write the listeners, and say where it can be reached.

    One that is `running` starts or stops to listen beyond loopback at once; its loopback port is its own for good.
    """
    settings: Any = resource.settings
    make_folder_of_envoy(stack_folder)
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
        stack_folder.proxy,
        _listeners(settings, port, public, redirect, partial(_door_of, stack_folder, settings)),
        policy_of(settings, connections(), told),
    )
    files = {**tls.files_of(settings), listener.FILE: listener_file}
    if settings.get(BEHIND):
        doors.make(stack_folder)
    write_json(stack_folder.proxy / "outputs.json", outputs)
    if running:
        _change(stack_folder, resource, files, plain_http.file_of(settings, public))
        _leave_to_front(stack_folder, resource)
        return outputs
    plain = plain_http.file_of(settings, public)
    for name, data in {**files, **({plain_http.FILE: plain} if plain else {})}.items():
        write_json(stack_folder.proxy / name, data, owner=owner)
    _tidy(stack_folder, files, plain)
    _leave_to_front(stack_folder, resource)
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
    if settings["public"] and settings["public_port"] in settings.get(BEHIND, ()):
        return int(settings["public_port"])
    if settings["public"]:
        return ports.take(home, stack, owner, settings["public_port"], in_use=running, known=True)
    ports.release(home, stack, owner)
    return None


def _listeners(
    settings: Mapping[str, Any], port: int, public: int | None, redirect: int | None, door_of: Callable[[int], str]
) -> list[Listener]:
    own = () if tls.is_fetched(settings) else tuple(tls.pems_of(settings))
    result = [Listener("local", LOOPBACK, port, port, certificates=own)]
    if public is not None:
        http = (redirect, redirect) if redirect is not None else None
        beyond = public_listeners(settings, (public, public), http)
        result += [replace(each, door=door_of(each.asked_port)) for each in beyond]
    return result


def _door_of(stack_folder: StackFolder, settings: Mapping[str, Any], port: int) -> str:
    """Where it waits for the front in place of this port; empty for a port that it has itself."""
    return doors.door_of(stack_folder.stack, port) if port in settings.get(BEHIND, ()) else ""


def _leave_to_front(stack_folder: StackFolder, resource: Resource) -> None:
    """Give up the ports that the front has from now on, once nobody of ours listens there any more."""
    home, stack, behind = stack_folder.home, stack_folder.stack, resource.settings.get(BEHIND, ())
    assert isinstance(behind, Sequence)
    for owner in (_public_owner(resource.address), _redirect_owner(resource.address)):
        port = ports.of_owner(home, stack, owner)
        if port is not None and port in behind:
            wait_until(partial(ports.is_free, port), bool, _CLOSING_SECONDS)
            ports.release(home, stack, owner)


def held_ports(stack_folder: StackFolder) -> frozenset[int]:
    """The ports beyond loopback that the stack's proxy has itself."""
    owners = (_public_owner(PROXY_ADDRESS), _redirect_owner(PROXY_ADDRESS))
    held = (ports.of_owner(stack_folder.home, stack_folder.stack, owner) for owner in owners)
    return frozenset(port for port in held if port is not None)


def _redirect(stack_folder: StackFolder, resource: Resource, *, running: bool) -> int | None:
    owner, port = _redirect_owner(resource.address), resource.settings.get("redirect")
    if not isinstance(port, int):
        ports.release(stack_folder.home, stack_folder.stack, owner)
        return None
    if port in resource.settings.get(BEHIND, ()):  # type: ignore[operator]
        return port
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
