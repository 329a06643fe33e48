"""The supervisor of a stack, and whether the stack has anything at all."""

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
