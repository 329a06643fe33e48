"""Find what hangs or has ended among the containers that a stack leans on, and start it again in its place."""

from contextlib import suppress

from docker.errors import NotFound

from infra_specs.resources.instance import Instance
from infra_specs.sharing.front import FRONT_KIND
from tasks.providers.docker.containers.removal import FAILED_STOP_SECONDS, wake
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.observe import Observer

KINDS = ("database", "cache", "queue", "files", "proxy", FRONT_KIND)
"""What others lean on, and what loses nothing by a restart. A replica may be busy: plans decide what becomes of it."""
_CAN_START = ("running", "paused", "exited")
"""What the engine itself starts again, or has never started, is left to it and to plans."""


class DockerRestarts:
    """The part `restarts`: the engine does not see that a container hangs, and starts none again that it was told to
    stop."""

    def __init__(self, api: Engine, observer: Observer) -> None:
        self._api, self._observer = api, observer

    def down(self, stack: str) -> tuple[Instance, ...]:
        """The newest at its address alone: an earlier one is history. One that answers, however unwell, is not down."""
        with translated():
            instances = self._observer.of_kinds(stack, KINDS)
            newest = {instance.address: instance for instance in sorted(instances, key=lambda item: item.incarnation)}
            return tuple(instance for instance in newest.values() if instance.failed and self._is_down(instance))

    def restart(self, instance: Instance) -> None:
        """The same container again, so that its address, its ports and its volume are what others know."""
        with translated(), self._observer.changing(instance):
            if (identity := self._present(instance)) is not None:
                wake(self._api, identity)
                with suppress(NotFound):
                    self._api.restart(identity, timeout=FAILED_STOP_SECONDS)

    def _is_down(self, instance: Instance) -> bool:
        """Whether it has ended, is paused, or answers nothing at all."""
        container = self._observer.container(instance)
        if container is None or (status := container["State"]["Status"]) not in _CAN_START:
            return False
        return status != "running" or self._observer.is_hung(container)

    def _present(self, instance: Instance) -> str | None:
        container = self._observer.container(instance)
        return container["Id"] if container and container["State"]["Status"] in _CAN_START else None
