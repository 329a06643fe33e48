"""The kind `front`: an Envoy that has the ports which stacks share, and leads to their proxies by host name."""

from functools import partial

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from infra_specs.sharing.front import SharedPort
from tasks.base.clock import now
from tasks.providers.envoy import front as envoy_front
from tasks.providers.envoy import listener
from tasks.providers.envoy.config_push import await_listeners
from tasks.providers.envoy.front_push import push_front
from tasks.providers.envoy.messages import Json
from tasks.providers.envoy.route_state import PUSH_SECONDS
from tasks.providers.local import doors, ports
from tasks.providers.local.envoy import admin
from tasks.providers.local.envoy.config_push import Folder
from tasks.providers.local.envoy.program import connections, envoy_process, make_folder_of_envoy
from tasks.providers.local.files import read_json
from tasks.providers.local.stack_folder import StackFolder, stack_folder_of
from tasks.supervisor.port_owner import fault_of
from tasks.supervisor.process import Process


def front(stack_folder: StackFolder, resource: Resource, incarnation: int) -> Process:
    """What runs it; it leads to all stacks from its first moment on."""
    make_folder_of_envoy(stack_folder)
    outputs = lead(stack_folder, resource)
    return envoy_process(stack_folder, resource, incarnation, outputs, writes=(str(stack_folder.path.parent),))


def lead(stack_folder: StackFolder, resource: Resource, *, running: bool = False) -> dict[str, str]:
    """Take its ports, let it in at the stacks' doors, and write who has which host. Returns its outputs.

    One that is `running` takes it in at once; connections to stacks whose hosts stay as they are stay, too.
    ProviderError for a port that another program has.
    """
    home, name = stack_folder.home, stack_folder.stack
    shared = envoy_front.shared_ports(resource.settings)
    for each in shared:
        ports.take(home, name, _owner(resource.address, each.port), each.port, in_use=running, known=True)
    for stack in sorted({stack for each in shared for stack in each.hosts.values()}):
        _open_doors(stack_folder_of(home, stack))
    folder = Folder(stack_folder)
    version = push_front(folder, shared, _door_of, connections(), waiting=running)
    if running:
        await_listeners(lambda: admin.listeners(stack_folder.proxy), version, resource.address)
    _tidy(stack_folder, folder, resource, shared)
    return {"ports": " ".join(str(each.port) for each in shared)}


def _door_of(stack: str, port: int) -> Json:
    return {"pipe": {"path": doors.door_of(stack, port)}}


def _open_doors(stack_folder: StackFolder) -> None:
    """A stack that is yet to move behind the front makes its doors itself."""
    if stack_folder.doors.is_dir():
        doors.make(stack_folder)


def _tidy(stack_folder: StackFolder, folder: Folder, resource: Resource, shared: list[SharedPort]) -> None:
    """What is for ports that it has no more."""
    routes = {envoy_front.routes_file(each.port) for each in shared if each.protocol == "http"}
    folder.remove(path.name for path in stack_folder.proxy.glob("routes-*.json") if path.name not in routes)
    kept = {_owner(resource.address, each.port) for each in shared}
    for owner in ports.owners(stack_folder.home, stack_folder.stack) - kept:
        ports.release(stack_folder.home, stack_folder.stack, owner)


def front_health(stack_folder: StackFolder, instance: Instance, pid: int | None) -> Health:
    """A front's health, which its supervisor asks at its admin socket, with its ports: it must serve them, too."""
    health = instance.health
    if health.state != "healthy" or pid is None:
        return health
    told = stack_folder.proxy / envoy_front.LISTENERS
    faults = map(partial(fault_of, pid=pid), sorted(listener.ports_of(read_json(told))))
    if fault := next(filter(None, faults), ""):
        late = now() - max(health.since, told.stat().st_mtime) > PUSH_SECONDS
        return Health("failed" if late else "starting", fault, health.since)
    return health


def _owner(address: str, port: int) -> str:
    return f"{address}:{port}"
