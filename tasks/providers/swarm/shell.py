"""The part `shell`: commands beside an instance's program, in its container on whichever host it runs."""

from collections.abc import Sequence
from typing import BinaryIO

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.docker.commands.execute import execute
from tasks.providers.docker.commands.pipe import pipe
from tasks.providers.docker.engine.errors import translated
from tasks.providers.swarm.engine import HostEngine
from tasks.providers.swarm.hosts import SwarmHosts
from tasks.providers.swarm.observe import SwarmObserver


class SwarmShell:
    """Commands in the containers of a fleet."""

    def __init__(self, hosts: SwarmHosts, observer: SwarmObserver) -> None:
        self._hosts, self._observer = hosts, observer

    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        """Run it with this process's input and output. Raises ProviderError where nothing runs."""
        with translated():
            engine, container = self._container(instance)
            return execute(engine, container, command, terminal=terminal)

    def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
        """Run it with these bytes. Raises ProviderError where nothing runs, and for a command that cannot."""
        with translated():
            engine, container = self._container(instance)
        return pipe(engine, container, command, source, sink)

    def _container(self, instance: Instance) -> tuple[HostEngine, str]:
        running = self._observer.container(instance)
        if running is None:
            raise ProviderError(f"{instance} of stack {instance.stack} is no container that runs: name one that does")
        host, container = running
        return self._hosts.engine(host), container
