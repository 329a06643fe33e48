"""What is here of a stack: its supervisor, processes and routes, as they are asked."""

from dataclasses import replace

from infra_specs.resources.instance import Health, Instance
from tasks.providers.envoy.route_state import proxy_health
from tasks.providers.labels import instance_of
from tasks.providers.local import admin
from tasks.providers.local.proxy import public_health
from tasks.providers.local.route import routes
from tasks.providers.local.stack_folder import Place
from tasks.supervisor.client import Supervisor
from tasks.supervisor.process import Status


def holds_something(place: Place) -> bool:
    """Whether anything of the stack is here, running or not."""
    records = (*place.volumes.glob("[!.]*.json"), *place.routes.glob("[!.]*.json"))
    return bool(records) or Supervisor.was_left(place.supervisor)


def supervisor_of(place: Place) -> Supervisor | None:
    """The stack's supervisor, started again if it was killed; None if it has no processes."""
    if not Supervisor.was_left(place.supervisor):
        return None
    if found := Supervisor.find(place.supervisor):
        return found
    # Alone: it may just be gone because the last of its stack is being removed, and must not come back then.
    with place.locked():
        return Supervisor.start(place.supervisor) if Supervisor.was_left(place.supervisor) else None


def statuses_of(place: Place) -> tuple[Status, ...]:
    """Every process of the stack."""
    supervisor = supervisor_of(place)
    return supervisor.list() if supervisor else ()


def instance_from(status: Status) -> Instance:
    """What its supervisor says of a process; one that was stopped has failed, by what it was stopped for."""
    state = "failed" if status.state == "stopped" else status.state
    never = status.process.labels.get("fault") if state == "failed" else ""
    return instance_of(status.process.labels, Health(state, never or status.reason, status.since, status.code))


def processes_of(place: Place) -> tuple[Instance, ...]:
    """Every process of the stack as an instance."""
    return tuple(_instance(place, status) for status in statuses_of(place))


def _instance(place: Place, status: Status) -> Instance:
    instance = instance_from(status)
    if instance.kind != "proxy":
        return instance
    return replace(instance, health=public_health(place, instance, status.pid))


def routes_of(place: Place, found: list[Instance]) -> tuple[Instance, ...]:
    """Every route of the stack, beside the processes that were `found`."""
    health = proxy_health([instance.health for instance in found if instance.kind == "proxy"])
    if not place.routes.is_dir():
        return ()
    view = admin.view(place.proxy) if health and health.state == "healthy" else None
    return tuple(routes(place, view, health))
