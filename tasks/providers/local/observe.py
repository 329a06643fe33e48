"""Read a stack's supervisor, processes and routes."""

from dataclasses import replace

from infra_specs.resources.instance import Health, Instance
from tasks.providers.envoy.route_state import proxy_health
from tasks.providers.labels import instance_of
from tasks.providers.local.envoy import admin
from tasks.providers.local.kinds.proxy import public_health
from tasks.providers.local.kinds.route import routes
from tasks.providers.local.stack_folder import StackFolder
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Status


def holds_something(stack_folder: StackFolder) -> bool:
    """Whether the stack has any process, volume or route, running or not."""
    records = (*stack_folder.volumes.glob("[!.]*.json"), *stack_folder.routes.glob("[!.]*.json"))
    return bool(records) or Supervisor.was_left(stack_folder.supervisor)


def supervisor_of(stack_folder: StackFolder) -> Supervisor | None:
    """The stack's supervisor, started again if it was killed; None if it has no processes."""
    if not Supervisor.was_left(stack_folder.supervisor):
        return None
    if supervisor := Supervisor.find(stack_folder.supervisor):
        return supervisor
    # Alone: it may just be gone because the last of its stack is being removed, and must not come back then.
    with stack_folder.locked():
        return Supervisor.start(stack_folder.supervisor) if Supervisor.was_left(stack_folder.supervisor) else None


def statuses_of(stack_folder: StackFolder) -> tuple[Status, ...]:
    """Every process of the stack."""
    supervisor = supervisor_of(stack_folder)
    return supervisor.list() if supervisor else ()


def instance_from(status: Status) -> Instance:
    """What its supervisor says of a process; one that was stopped has failed, by what it was stopped for."""
    state = "failed" if status.state == "stopped" else status.state
    fault = status.process.labels.get("fault") if state == "failed" else ""
    return instance_of(status.process.labels, Health(state, fault or status.reason, status.since, status.code))


def processes_of(stack_folder: StackFolder) -> tuple[Instance, ...]:
    """Every process of the stack as an instance."""
    return tuple(_instance(stack_folder, status) for status in statuses_of(stack_folder))


def _instance(stack_folder: StackFolder, status: Status) -> Instance:
    instance = instance_from(status)
    if instance.kind != "proxy":
        return instance
    return replace(instance, health=public_health(stack_folder, instance, status.pid))


def routes_of(stack_folder: StackFolder, instances: list[Instance]) -> tuple[Instance, ...]:
    """Every route of the stack, beside the processes that were `found`."""
    health = proxy_health([instance.health for instance in instances if instance.kind == "proxy"])
    if not stack_folder.routes.is_dir():
        return ()
    view = admin.admin_state(stack_folder.proxy) if health and health.state == "healthy" else None
    return tuple(routes(stack_folder, view, health))
