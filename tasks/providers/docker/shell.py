"""The part `shell`: commands beside an instance's program, in its container."""

from collections.abc import Sequence
from typing import BinaryIO

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.docker.commands.execute import execute
from tasks.providers.docker.commands.pipe import pipe
from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.errors import translated
from tasks.providers.docker.observe import Observer


class DockerShell:
    """Commands in the containers of one engine."""

    def __init__(self, api: Engine, observer: Observer) -> None:
        self._api, self._observer = api, observer

    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        """Run it with this process's input and output. Raises ProviderError where nothing runs."""
        with translated():
            return execute(self._api, self._container(instance), command, terminal=terminal)

    def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
        """Run it with these bytes. Raises ProviderError where nothing runs, and for a command that cannot."""
        with translated():
            container = self._container(instance)
        return pipe(self._api, container, command, source, sink)

    def _container(self, instance: Instance) -> str:
        container = self._observer.container(instance)
        if container is None or not container["State"]["Running"]:
            raise ProviderError(f"{instance} of stack {instance.stack} is no container that runs: name one that does")
        return str(container["Id"])
