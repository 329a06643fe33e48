"""Leave nothing that no instance of a stack needs, and nothing half made: on the Swarm, and on every ready host."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from docker.errors import NotFound

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.docker.annotations import Annotation
from tasks.providers.docker.containers.removal import end, ignore_missing, is_ending
from tasks.providers.docker.labels import PART_LABEL, data_of, is_instance, is_of_route, key_of
from tasks.providers.docker.store import Key
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.held_images import forget_unneeded
from tasks.providers.swarm.kinds.services import unbound
from tasks.providers.swarm.managers import ApiObject
from tasks.providers.swarm.names import is_volume
from tasks.providers.swarm.parts import Parts
from tasks.providers.swarm.service_spec import is_stopped, node_of
from tasks.providers.swarm.task_list import current_task


class Sweep:
    """Nobody else may change the stack meanwhile."""

    def __init__(self, parts: Parts) -> None:
        self._hosts, self._observer, self._overlays = parts.hosts, parts.observer, parts.overlays
        self._routes, self._annotations, self._secrets = parts.routes, parts.annotations, parts.secrets
        self._images = parts.images

    def __call__(self, stack: str) -> None:
        """Forget what is gone, free what a killed run left bound, and tell every proxy its routes again."""
        view = self._observer.view(stack)
        outcomes = self._hosts.outcomes(lambda _, engine: _jobs(engine, stack)).values()
        jobs = {key for keys in outcomes if not isinstance(keys, ProviderError) for key in keys}
        is_known = not any(isinstance(keys, ProviderError) for keys in outcomes)
        services = {key_of(service["Spec"]["Labels"]) for service in view.services}
        self._free(view.services, view.tasks)
        self._routes.forget_others(stack, view.annotations, self._observer.endpoints(view))
        if is_known:
            self._forget_notes(stack, view.annotations, services | jobs)
        used = {
            secret["SecretID"]
            for service in view.services
            for secret in service["Spec"]["TaskTemplate"]["ContainerSpec"].get("Secrets") or ()
        }
        self._secrets.remove_others(stack, used)
        routed = any(map(is_of_route, view.annotations))
        self._bring_images(view.services)
        self._forget_images()
        if view.services:
            with suppress(TransientError):  # a host that does not answer now is told the next time
                self._routes.fill_joined(stack)
                self._routes.tell_again(stack)
        if not view.services and not routed and not jobs and is_known:
            self._hosts.on_ready(lambda _, engine: _remove_folders(engine, stack))
            self._overlays.remove(stack)

    def _bring_images(self, services: Sequence[ApiObject]) -> None:
        """To hosts that joined later: what the Swarm moves there finds its image."""
        specs = (service["Spec"] for service in services if not is_stopped(service["Spec"]))
        for id in sorted({spec["TaskTemplate"]["ContainerSpec"]["Image"] for spec in specs}):
            with suppress(ProviderError):  # a host that lacks it now gets it the next time
                self._images.everywhere(id, id)

    def _forget_images(self) -> None:
        """Those that no service of any stack runs from."""
        specs = (service["Spec"] for service in self._hosts.managers.services())
        needed = {str(spec["TaskTemplate"]["ContainerSpec"]["Image"]) for spec in specs}
        with suppress(ProviderError):  # the next sweep goes on
            forget_unneeded(self._hosts, needed)

    def _free(self, services: Sequence[ApiObject], tasks: Mapping[str, Sequence[ApiObject]]) -> None:
        """A run that was killed may have left a service bound to its host, where no data binds it."""
        for service in services:
            spec = service["Spec"]
            current = current_task(tasks.get(service["ID"], ()))
            if node_of(spec) and current and current.get("NodeID") and not _has_data(spec):
                self._hosts.managers.change_service(spec["Name"], unbound)

    def _forget_notes(self, stack: str, annotations: Mapping[Key, Annotation], present: set[Key]) -> None:
        for key, annotation in annotations.items():
            if key not in present and not is_of_route(key) and not is_volume(annotation.labels):
                self._annotations.remove(stack, key)


def _has_data(spec: ApiObject) -> bool:
    """Whether a volume of data is in the service's container: those are what binds it."""
    mounts = spec["TaskTemplate"]["ContainerSpec"].get("Mounts") or ()
    return any(mount.get("Type") == "volume" and mount.get("Source") for mount in mounts)


def _jobs(engine: HostEngine, stack: str) -> set[Key]:
    """The jobs that are on a host, after the removals that had begun are finished."""
    left: set[Key] = set()
    for container in engine.containers_of(stack):
        if container["Labels"].get(PART_LABEL) == "filling":
            ignore_missing(lambda id=container["Id"]: engine.remove_container(id, force=True))  # type: ignore[misc]
        if not is_instance(container["Labels"]) or data_of(container["Labels"])["kind"] != "job":
            continue
        if any(map(is_ending, container["Names"])):
            _end(engine, container["Id"])
        else:
            left.add(key_of(container["Labels"]))
    return left


def _end(engine: HostEngine, id: str) -> None:
    try:
        end(engine, engine.inspect_container(id), "job")
    except NotFound:
        return


def _remove_folders(engine: HostEngine, stack: str) -> None:
    """The files of the proxy that was on a host, and files that a killed run left of a job."""
    for volume in engine.volumes_of(stack):
        if volume["Labels"].get(PART_LABEL) in ("proxy", "files"):
            ignore_missing(lambda name=volume["Name"]: engine.remove_volume(name))  # type: ignore[misc]
