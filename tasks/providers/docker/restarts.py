"""Find what hangs among the containers that a stack leans on, and start it again in its place."""

from docker.errors import NotFound

from infra_specs.resources.instance import Instance
from tasks.providers.docker.containers.removal import FAILED_STOP_SECONDS, is_ending, wake
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.observe import Observer

KINDS = ("database", "cache", "proxy")
"""What others lean on, and what loses nothing by a restart. A replica may be busy: plans decide what becomes of it."""
_PRESENT = ("running", "paused")


class DockerRestarts:
    """The part `restarts`: the engine sees when a container ends, and not when it hangs."""

    def __init__(self, api: Engine, observer: Observer) -> None:
        self._api, self._observer = api, observer

    def hung(self, stack: str) -> tuple[Instance, ...]:
        """Those that answer no more, or are paused; what has ended is not among them."""
        with translated():
            return tuple(
                instance
                for instance in self._observer.of_kinds(stack, KINDS)
                if instance.failed and self._is_present(instance)
            )

    def restart(self, instance: Instance) -> None:
        """The same container again, with its address and its volume."""
        with translated(), self._observer.changing(instance):
            container = self._observer.container(instance)
            if container and self._is_present(instance) and not is_ending(container["Name"]):
                wake(self._api, container["Id"])
                try:
                    self._api.restart(container["Id"], timeout=FAILED_STOP_SECONDS)
                except NotFound:
                    return

    def _is_present(self, instance: Instance) -> bool:
        container = self._observer.container(instance)
        return container is not None and container["State"]["Status"] in _PRESENT
