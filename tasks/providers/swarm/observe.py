"""Read a stack's instances from the Swarm and its hosts. Nothing here changes anything."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from docker.errors import NotFound

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Health, Instance
from tasks.base.clock import now
from tasks.providers.docker.annotations import Annotation, annotations_in, routes_among
from tasks.providers.docker.containers.removal import is_ending
from tasks.providers.docker.engine.client import Listed, epoch
from tasks.providers.docker.health import probes
from tasks.providers.docker.health.tracker import HealthTracker
from tasks.providers.docker.labels import (
    FAULT_LABEL,
    STACK_LABEL,
    data_of,
    instance_of,
    is_instance,
    is_of_route,
    key_of,
    probe_of,
)
from tasks.providers.docker.proxy import admin
from tasks.providers.docker.proxy.find import proxy_among
from tasks.providers.docker.proxy.routes import observed_routes
from tasks.providers.docker.store import Key
from tasks.providers.envoy.admin_state import AdminState, with_requests
from tasks.providers.envoy.route_state import proxy_health
from tasks.providers.hosts.engines import translated
from tasks.providers.swarm import bridge, task_list
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.managers import ApiObject, Member
from tasks.providers.swarm.names import MACHINE_LABEL, is_volume, service_name
from tasks.providers.swarm.network import network_name
from tasks.providers.swarm.service_spec import is_stopped, node_of
from tasks.providers.swarm.store import texts_of

START_SECONDS = 60.0
"""How long a proxy on each host may take, and a task on a host that cannot be asked."""
_HOST = "TenfoldHost"
"""In an inspected container: the host that it is on."""
_ORDER = ("failed", "starting", "unready", "healthy")
"""Of what hosts say of one thing the first holds."""
_ASKER_SECONDS = 2.0
ITS_HOST = "its host"
"""What differs of an instance whose host is to leave, so that a plan makes a successor elsewhere before it goes."""

Judge = Callable[[dict[str, Any]], Health]


@dataclass(frozen=True, slots=True)
class HostView:
    """What one host's engine lists of a stack."""

    containers: Listed
    volumes: Listed


@dataclass(frozen=True, slots=True)
class StackView:
    """A stack at one moment. `hosts`: what each ready host lists, or why nothing is known of it."""

    services: Sequence[ApiObject]
    tasks: Mapping[str, Sequence[ApiObject]]
    annotations: Mapping[Key, Annotation]
    members: Mapping[str, Member]
    hosts: Mapping[str, HostView | ProviderError]


class SwarmObserver:
    """Observes the stacks of a fleet; the results of probes are remembered while it is open."""

    def __init__(self, hosts: SwarmHosts) -> None:
        self._hosts, self._managers = hosts, hosts.managers
        self._tracker = HealthTracker(self._probe, self._is_stopped, self._sockets)
        self._askers: dict[tuple[str, str], tuple[float, str | None]] = {}

    def instances(self, stack: str) -> list[Instance]:
        """Every instance of a stack, unordered. One that no longer answers is asked again, which takes seconds."""
        view = self.view(stack)
        return self._instances(stack, view, self._tracker.settled_health, asking_proxy=True)

    def at(self, stack: str, address: str, *, asking_proxy: bool = False) -> list[Instance]:
        """The instances at this address, each asked once. Without `asking_proxy` no route is known to be healthy."""
        view = self.view(stack)
        judge = self._tracker.health
        if not is_of_route((address, 0)):
            services = [service for service in view.services if key_of(service["Spec"]["Labels"])[0] == address]
            view = replace(view, services=services)
        instances = self._instances(stack, view, judge, asking_proxy=asking_proxy)
        return [instance for instance in instances if instance.address == address]

    def view(self, stack: str) -> StackView:
        """What the managers and the hosts list of a stack, asked all at once."""
        asked: tuple[Callable[[], Any], ...] = (
            lambda: self._managers.services(stack),
            self._managers.tasks,
            lambda: annotations_in(texts_of(self._managers.configs(stack)).values()),
            self._hosts.by_node,
            lambda: self._host_views(stack),
        )
        return StackView(*self._hosts.at_once(lambda question: question(), asked))

    def volumes(self, stack: str) -> list[Instance]:
        """The volumes of a stack."""
        annotations = annotations_in(texts_of(self._managers.configs(stack)).values())
        return list(_volumes(StackView((), {}, annotations, self._hosts.by_node(), self._host_views(stack))))

    def look(self, instance: Instance) -> Instance | None:
        """The instance of a service as it is now; None if it is gone."""
        service = self._managers.service(service_name(instance.stack, instance.address, instance.incarnation))
        if service is None or not is_instance(service["Spec"]["Labels"] or {}):
            return None
        tasks = self._managers.tasks_of(service["Spec"]["Name"])
        return self._of_service(service, tasks, self._hosts.by_node(), self._tracker.health)

    def endpoints(self, view: StackView) -> set[str | None]:
        """Where the tasks of a stack are asked, whatever their health."""
        waiting = Health("starting", "is not asked", now())
        instances = (
            self._of_service(service, view.tasks.get(service["ID"], ()), view.members, lambda _: waiting)
            for service in view.services
        )
        return {instance.outputs.get("endpoint") for instance in instances}

    def begun(self, service: ApiObject, tasks: Sequence[ApiObject]) -> Instance:
        """The instance of a service that was just made. Nobody asks its program yet."""
        waiting = Health("starting", "has just begun", now())
        return self._of_service(service, tasks, self._hosts.by_node(), lambda _: waiting)

    def job(self, host: str, identity: str, annotation: Annotation | None) -> Instance | None:
        """The instance of a job's container as it is now; None if it is gone."""
        container = self._inspected(host, identity)
        return self._of_job(container, annotation) if container else None

    def admin_states(self, stack: str) -> dict[str, AdminState | None]:
        """What the proxy of each ready host knows; None of one that does not answer. Without a proxy: nothing.

        A host that cannot be asked is left out: its proxy, too, serves what the others do.
        """
        outcomes = self._hosts.outcomes(lambda _, engine: _admin_state(engine, stack))
        told = {host: outcome for host, outcome in outcomes.items() if not isinstance(outcome, ProviderError)}
        return {host: state for host, (state, runs) in told.items() if runs}

    def container(self, instance: Instance) -> tuple[str, str] | None:
        """Host and id of the container that runs for a service; None if none does."""
        tasks = self._managers.tasks_of(service_name(instance.stack, instance.address, instance.incarnation))
        running = [task for task in tasks if task_list.is_running(task) and task_list.container_of(task)]
        members = self._hosts.by_node()
        for task in reversed(running):
            if (member := members.get(task["NodeID"])) and member.is_ready:
                return member.host, task_list.container_of(task)
        return None

    def _host_views(self, stack: str) -> Mapping[str, HostView | ProviderError]:
        return self._hosts.outcomes(lambda _, engine: HostView(engine.containers_of(stack), engine.volumes_of(stack)))

    def _instances(self, stack: str, view: StackView, judge: Judge, *, asking_proxy: bool) -> list[Instance]:
        def of_service(service: ApiObject) -> Instance:
            return self._of_service(service, view.tasks.get(service["ID"], ()), view.members, judge)

        services = self._hosts.at_once(of_service, view.services)
        is_routed = any(map(is_of_route, view.annotations))
        states = self.admin_states(stack) if asking_proxy and is_routed else {}
        merged = AdminState(tuple(upstream for state in states.values() if state for upstream in state.upstreams))
        routes = _routes(view.annotations, services, states) if is_routed else []
        return [*with_requests(services, merged if states else None), *self._jobs(view), *_volumes(view), *routes]

    def _of_service(
        self, service: ApiObject, tasks: Sequence[ApiObject], members: Mapping[str, Member], judge: Judge
    ) -> Instance:
        labels = service["Spec"]["Labels"]
        health = self._health(service, tasks, members, judge)
        instance = instance_of(labels, health)
        outputs = dict(instance.outputs)
        current, probe = task_list.current_task(tasks), probe_of(labels)
        address = task_list.address_of(current, instance.stack) if current else ""
        if probe and address and instance.kind in ("replica", "files"):
            outputs["endpoint"] = f"{address}:{probe['port']}"
        if "Global" in service["Spec"]["Mode"]:
            return replace(instance, outputs=outputs)
        if must_move(service["Spec"], current, members):
            instance = replace(instance, fingerprint="", digests={**instance.digests, ITS_HOST: "leaves"})
        return replace(instance, outputs=outputs, restarts=task_list.crashes(tasks))

    def _health(
        self, service: ApiObject, tasks: Sequence[ApiObject], members: Mapping[str, Member], judge: Judge
    ) -> Health:
        spec = service["Spec"]
        if is_stopped(spec):
            fault = spec["Labels"].get(FAULT_LABEL)
            last = task_list.last_container(tasks)
            ended = next((task for task in reversed(tasks) if last and task_list.container_of(task) == last[1]), None)
            since = task_list.started(ended) if ended else epoch(service["UpdatedAt"])
            return Health("failed", fault or (task_list.exit_reason(ended) if ended else "was stopped"), since)
        if "Global" in spec["Mode"]:
            return self._global_health(service, tasks, members, judge)
        if fault := task_list.crash_fault(tasks):
            return Health("failed", fault, task_list.started(tasks[-1]))
        current = task_list.current_task(tasks)
        if current is None or not task_list.is_running(current):
            return task_list.waiting_health(spec, current, members)
        return self._running_health(current, members, judge)

    def _running_health(self, task: ApiObject, members: Mapping[str, Member], judge: Judge) -> Health:
        since = task_list.started(task)
        member = members.get(task.get("NodeID", ""))
        if member is None:
            return Health("starting", "runs on a host that is in no list", since)
        try:
            container = self._inspected(member.host, task_list.container_of(task))
        except ProviderError as error:
            # The Swarm hears the host, and we do not: it is believed of what runs for long.
            state: Any = "healthy" if now() - since > START_SECONDS else "starting"
            return Health(state, f"runs, as the Swarm says; {error}", since)
        return judge(container) if container else Health("starting", "its container is not there yet", since)

    def _global_health(
        self, service: ApiObject, tasks: Sequence[ApiObject], members: Mapping[str, Member], judge: Judge
    ) -> Health:
        """Of a proxy on each host. At first all must answer; later one that does is enough, and the others are said."""
        healths: dict[str, Health] = {}
        for member in members.values():
            own = [task for task in tasks if task.get("NodeID") == member.node]
            if not member.is_ready or (member.leaves and not own):
                continue
            current = task_list.current_task(own)
            if current is not None and task_list.is_running(current):
                healths[member.host] = self._running_health(current, members, judge)
            elif fault := task_list.crash_fault(own):
                healths[member.host] = Health("failed", fault, task_list.started(own[-1]))
            else:
                healths[member.host] = task_list.waiting_health(service["Spec"], current, members)
        return together(healths, epoch(service["CreatedAt"]))

    def _jobs(self, view: StackView) -> list[Instance]:
        listed = [
            (host, container["Id"])
            for host, seen in view.hosts.items()
            if not isinstance(seen, ProviderError)
            for container in seen.containers
            if is_instance(container["Labels"]) and data_of(container["Labels"])["kind"] == "job"
        ]
        inspected = self._hosts.at_once(lambda item: self._inspected(*item), listed)
        return [
            self._of_job(container, view.annotations.get(key_of(container["Config"]["Labels"])))
            for container in inspected
            if container is not None
        ]

    def _of_job(self, container: dict[str, Any], annotation: Annotation | None) -> Instance:
        labels = annotation.labels if annotation else container["Config"]["Labels"]
        if is_ending(container["Name"]):
            return instance_of(labels, Health("ending", "is being removed", now()))
        health = self._tracker.health(container)
        if health.state == "failed" and (reason := labels.get(FAULT_LABEL)):
            health = replace(health, reason=reason)
        return instance_of(labels, health)

    def _inspected(self, host: str, identity: str) -> dict[str, Any] | None:
        with translated(host):
            try:
                container: dict[str, Any] = self._hosts.engine(host).inspect_container(identity)
            except NotFound:
                return None
        return {**container, _HOST: host}

    def _probe(self, container: dict[str, Any]) -> None:
        labels, host = container["Config"]["Labels"], container[_HOST]
        stack, probe = labels[STACK_LABEL], probe_of(labels)
        network = container["NetworkSettings"]["Networks"].get(network_name(stack)) or {}
        address = str(network.get("IPAddress") or (network.get("IPAMConfig") or {}).get("IPv4Address") or "")
        if probe is None or not address:
            raise probes.ProbeFailed("its network is gone")
        is_proxy = data_of(labels)["kind"] == "proxy"
        try:
            with translated(host):
                if asker := container["Id"] if is_proxy else self._asker(host, stack):
                    probes.ask_through(self._hosts.engine(host), asker, "127.0.0.1" if is_proxy else address, probe)
                else:
                    self._ask_from_outside(host, container["Id"], probe)
        except ProviderError as error:
            raise probes.CannotAsk(str(error)) from error

    def _ask_from_outside(self, host: str, container: str, probe: dict[str, Any]) -> None:
        """By way of the host: the proxy is not there yet, and few images have what it takes to ask from inside."""
        if not (address := bridge.address_of(self._hosts.engine(host), container)):
            raise probes.ProbeFailed("its network is gone")

        def connect() -> Any:
            try:
                return bridge.connect(self._hosts, host, address, probe["port"])
            except ProviderError as error:  # the host was asked a moment ago
                raise probes.ProbeFailed(f"port {probe['port']}: {error}") from error

        probes.ask_over(connect, probe)

    def _asker(self, host: str, stack: str) -> str | None:
        """The stack's proxy on a host, which is in the network and has a shell."""
        at, asker = self._askers.get((host, stack), (-_ASKER_SECONDS, None))
        if time.monotonic() - at > _ASKER_SECONDS:
            asker = proxy_among(self._hosts.engine(host).containers_of(stack))
            self._askers[host, stack] = time.monotonic(), asker
        return asker

    def _is_stopped(self, container: dict[str, Any]) -> bool:
        return self._hosts.engine(container[_HOST]).is_stopped(container)

    def _sockets(self, container: dict[str, Any]) -> str:
        return self._hosts.engine(container[_HOST]).sockets(container)


def _admin_state(engine: Any, stack: str) -> tuple[AdminState | None, bool]:
    """What a host's proxy knows, and whether one runs there."""
    proxy = proxy_among(engine.containers_of(stack))
    return (admin.admin_state(engine, proxy), True) if proxy else (None, False)


def must_move(spec: Mapping[str, Any], task: ApiObject | None, members: Mapping[str, Member]) -> bool:
    """Whether a service of one task runs on a host that is to leave. What data binds to its host stays there."""
    member = members.get((task or {}).get("NodeID", ""))
    return member is not None and member.is_ready and member.leaves and node_of(spec) is None and not is_stopped(spec)


def together(healths: Mapping[str, Health], made: float) -> Health:
    """The health of what runs on each host, from that of each. `made`: since when it is there."""
    bad = {host: health for host, health in healths.items() if health.state != "healthy"}
    since = max((health.since for health in healths.values()), default=made)
    if not bad:
        state: Any = "healthy" if healths else "starting"
        return Health(state, f"answers on {_hosts_text(len(healths))}" if healths else "no host is ready", since)
    reasons = "; ".join(f"{host}: {health.reason}" for host, health in bad.items())
    if all(health.state == "failed" for health in healths.values()):
        return Health("failed", reasons, since)
    if len(bad) == len(healths) or now() - made < START_SECONDS:
        return Health("starting", reasons, since)
    return Health("healthy", f"answers on {len(healths) - len(bad)} of {_hosts_text(len(healths))} ({reasons})", since)


def _hosts_text(count: int) -> str:
    return f"{count} host{'' if count == 1 else 's'}"


def _volumes(view: StackView) -> Iterable[Instance]:
    """Every volume for data, where it was made, whether its host answers or not."""
    ready = {member.host for member in view.members.values() if member.is_ready}
    for annotation in view.annotations.values():
        if not is_volume(annotation.labels):
            continue
        host = annotation.labels.get(MACHINE_LABEL, "")
        yield instance_of(annotation.labels, volume_health(annotation, view.hosts.get(host), host, host in ready))


def volume_health(annotation: Annotation, seen: HostView | ProviderError | None, host: str, is_ready: bool) -> Health:
    """The health of a volume, from what its host lists, if it answers. `is_ready`: whether the managers hear it."""
    if not is_ready:
        return Health(
            "failed",
            f"its data lies on {host}, which is not ready. Start that host again; if it is lost for ever, so is the "
            "data: on a manager remove it from the Swarm (docker node demote, docker node rm --force), take it out of "
            "the list, and tear the stack down with --delete-data",
            now(),
        )
    if isinstance(seen, HostView):
        name = data_of(annotation.labels)["outputs"].get("path")
        if name not in {volume["Name"] for volume in seen.volumes}:
            return Health("failed", f"its volume {name} was removed from {host}", now())
    return Health("healthy", f"it is there, on {host}", now())


def _routes(
    annotations: Mapping[Key, Annotation], services: Sequence[Instance], states: Mapping[str, AdminState | None]
) -> list[Instance]:
    """Every route: of what the hosts' proxies say of it the worst, since requests come to all of them."""
    proxies = [instance for instance in services if instance.kind == "proxy"]
    health = proxy_health([instance.health for instance in proxies])
    outputs = next((instance.outputs for instance in proxies if instance.health == health), {})
    running = {
        instance.outputs["endpoint"]
        for instance in services
        if instance.live and instance.health.state != "starting" and "endpoint" in instance.outputs
    }
    is_known = health is not None and health.state == "healthy"
    known = states if is_known and states else {"": None}
    by_host = {
        host: list(observed_routes(annotations, outputs, state, health, running)) for host, state in known.items()
    }
    worst: list[Instance] = []
    for number in range(len(routes_among(annotations))):
        told = {host: routes[number] for host, routes in by_host.items()}
        host, route = min(told.items(), key=lambda item: _ORDER.index(item[1].health.state))
        if host and route.health.state != "healthy":
            route = replace(route, health=replace(route.health, reason=f"{host}: {route.health.reason}"))
        worst.append(route)
    return worst
