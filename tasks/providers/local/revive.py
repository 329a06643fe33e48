"""After a reboot: every stack's supervisor is started again, and starts what it kept."""

from pathlib import Path

from infra_specs.errors import TenfoldError
from tasks.providers.local.errors import translated
from tasks.providers.local.stack_folder import stack_folders
from tasks.providers.local.stack_supervisor import supervisor_of
from tasks.supervisor.client import Supervisor


def revive(home: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Start the supervisor of every local stack below a home that has none; the stacks, and a sentence for each fault.

    One stack's fault keeps no other down. Returns while their programs start. Any number may call this at once.
    """
    started: list[str] = []
    faults: list[str] = []
    for stack_folder in stack_folders(home):
        try:
            with translated():
                if Supervisor.was_left(stack_folder.supervisor) and not Supervisor.find(stack_folder.supervisor):
                    supervisor_of(stack_folder)
                    started.append(stack_folder.stack)
        except TenfoldError as error:
            faults.append(f"{stack_folder.stack} was not started again: {error}")
    return tuple(started), tuple(faults)
