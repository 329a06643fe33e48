"""The kind `route`: which requests a service gets, and which of its replicas serve them. No process: a record."""

from collections.abc import Collection, Iterable
from pathlib import Path

from infra_specs.resources.instance import Health, Instance
from infra_specs.resources.resource import Resource
from tasks.providers.envoy.admin_state import AdminState
from tasks.providers.envoy.config_push import await_drained, await_endpoints, rule_of
from tasks.providers.envoy.route_state import (
    after_change,
    proxy_health,
    route_health,
    route_url,
    same_health_check,
    while_joining,
    with_route,
    without_route,
)
from tasks.providers.labels import instance_of, readable, record_of
from tasks.providers.local.envoy import admin
from tasks.providers.local.envoy.config_push import Folder, push_config, records
from tasks.providers.local.files import read_json, write_json
from tasks.providers.local.kinds.proxy import outputs_of
from tasks.providers.local.kinds.recorded import Recorded
from tasks.providers.local.stack_folder import StackFolder, slug, stack_folder_of
from tasks.providers.seam.kind import Kind


class Routes(Recorded):
    """The driver of routes. `processes` lists what runs: a route is as healthy as its proxy and what that says."""

    def __init__(self, home: Path, processes: Kind) -> None:
        super().__init__(home)
        self._processes = processes

    def list(self, stack: str) -> Iterable[Instance]:
        stack_folder = stack_folder_of(self._home, stack)
        processes = tuple(self._processes.list(stack))
        return routes(stack_folder, processes, proxy_state(stack_folder, processes))

    def put(self, stack_folder: StackFolder, resource: Resource, incarnation: int) -> None:
        put_route(stack_folder, resource, incarnation)

    def remove(self, stack_folder: StackFolder, instance: Instance) -> None:
        """Returns when the proxy sends nothing its way any more."""
        others = without_route(records(stack_folder), instance.address, instance.incarnation)
        push_config(stack_folder, others)
        _path(stack_folder, instance.address, instance.incarnation).unlink(missing_ok=True)


def put_route(stack_folder: StackFolder, resource: Resource, incarnation: int) -> None:
    """Tell the proxy and record it. Endpoints that it had before and has no more are drained until they are gone.

    They go on serving until the proxy has seen those that are new answer, so that somebody always does. What is
    recorded the proxy has been told, whenever somebody is killed; what is told and not recorded is told again.
    """
    path = _path(stack_folder, resource.address, incarnation)
    record, before = record_of(resource, incarnation, {}), read_json(path)
    if joining := while_joining(record, before):
        push_config(stack_folder, with_route(records(stack_folder), joining))
        write_json(path, joining)
        await_endpoints(Folder(stack_folder), rule_of(record), asked_as_before=same_health_check(joining, record))
    record = after_change(record, before)
    push_config(stack_folder, with_route(records(stack_folder), record))
    write_json(path, record)
    await_drained(Folder(stack_folder), rule_of(record))


def forget_endpoint(stack_folder: StackFolder, endpoint: str) -> None:
    """A replica is gone: nobody need know its endpoint any more."""
    changed = False
    for record in records(stack_folder):
        if endpoint in record.get("draining", ()):
            draining = [other for other in record["draining"] if other != endpoint]
            labels = record["labels"]
            changed |= write_json(
                _path(stack_folder, labels["address"], labels["incarnation"]), record | {"draining": draining}
            )
    if changed:
        push_config(stack_folder, records(stack_folder))


def proxy_state(stack_folder: StackFolder, processes: Iterable[Instance]) -> AdminState | None:
    """What the proxy among these processes knows; None where none is healthy, or no route wants to know."""
    proxy = _proxy(processes)
    if not stack_folder.routes.is_dir() or proxy is None or proxy.state != "healthy":
        return None
    return admin.admin_state(stack_folder.proxy)


def routes(stack_folder: StackFolder, processes: Collection[Instance], state: AdminState | None) -> Iterable[Instance]:
    """Every route, with what the proxy among these processes says of it: `state`."""
    if not stack_folder.routes.is_dir():
        return
    proxy = _proxy(processes)
    running = {process.outputs["endpoint"] for process in processes if process.live and "endpoint" in process.outputs}
    outputs = outputs_of(stack_folder)
    for record in records(stack_folder):
        with readable(record):
            url = {"url": route_url(record["settings"], outputs)}
            labels, health = record["labels"] | {"outputs": url}, route_health(record, state, proxy, running)
        yield instance_of(labels, health)


def _proxy(processes: Iterable[Instance]) -> Health | None:
    return proxy_health([process.health for process in processes if process.kind == "proxy"])


def _path(stack_folder: StackFolder, address: str, incarnation: int) -> Path:
    return stack_folder.routes / f"{slug(address, incarnation)}.json"
