"""A command beside an instance of the local target: where its process runs, with what that was given."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from infra_specs.errors import ProviderError
from infra_specs.resources.instance import Instance
from tasks.providers.labels import name_of
from tasks.providers.local.commands.execute import execute, pipe
from tasks.providers.local.errors import translated
from tasks.providers.local.kinds.database import client_environment
from tasks.providers.local.stack_folder import stack_folder_of
from tasks.providers.local.stack_supervisor import supervisor_of
from tasks.supervisor.process import Process


class LocalShell:
    """The part `shell`."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def execute(self, instance: Instance, command: Sequence[str], *, terminal: bool) -> int:
        """Run it to its end with this process's own input and output; `terminal`: at a terminal of its own."""
        process, variables = self._beside(instance)
        return execute(process, command, variables, terminal=terminal)

    def pipe(self, instance: Instance, command: Sequence[str], source: BinaryIO, sink: BinaryIO) -> int:
        """Run it to its end between `source` and `sink`. What these two raise ends it, and is raised."""
        process, variables = self._beside(instance)
        return pipe(process, command, variables, source, sink)

    def _beside(self, instance: Instance) -> tuple[Process, Mapping[str, str]]:
        """The process of an instance, and variables with which its clients find it. ProviderError if it has none."""
        with translated():
            stack_folder = stack_folder_of(self._home, instance.stack)
            supervisor = supervisor_of(stack_folder)
            status = supervisor.get(name_of(instance.address, instance.incarnation)) if supervisor else None
            if status is None:
                raise ProviderError(f"{instance} of stack {instance.stack} is no process that runs: name one that is")
            variables = client_environment(stack_folder, instance) if instance.kind == "database" else {}
            return status.process, variables
