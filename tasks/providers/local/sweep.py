"""Remove what no instance needs: supervisors without processes, folders and accounts without anything."""

from pathlib import Path

from infra_specs.errors import ProviderError
from tasks.providers.local import ports
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.local.files import remove_tree
from tasks.providers.local.stack_folder import StackFolder, stack_folder_of
from tasks.providers.local.stack_supervisor import holds_something, supervisor_of
from tasks.supervisor.client import Supervisor


def sweep(home: Path, stack: str) -> None:
    """Leave nothing behind that no instance of the stack needs, nor any account of a stack that is gone."""
    stack_folder = stack_folder_of(home, stack)
    if stack_folder.exists:
        with stack_folder.locked():
            clear(stack_folder)
    for other in [stack_folder_of(home, name) for name in stack_accounts.stacks_of(home)]:
        if not holds_something(other):
            with other.locked():
                clear(other)


def clear(stack_folder: StackFolder) -> None:
    """Without processes no supervisor, and with nothing no folder and no account. Call it in the stack's lock.

    ProviderError if something that they started runs on and cannot be ended.
    """
    supervisor = supervisor_of(stack_folder) or Supervisor.find(stack_folder.supervisor)
    if supervisor and not supervisor.list():
        rest = supervisor.rest()
        supervisor.shutdown()
        if left := rest.end():
            pids = " ".join(map(str, left))
            raise ProviderError(
                f"programs of {stack_folder.stack} left processes that Tenfold may not end, with the pids {pids}: "
                f"end them (sudo kill -9 {pids}), and run this again"
            )
        remove_tree(stack_folder.supervisor)
    if not holds_something(stack_folder):
        # Before the folder: its lock is what keeps a stack that is made at this moment from losing its account.
        stack_accounts.remove(stack_folder.home, stack_folder.stack)
        stack_folder.remove()
        ports.release(stack_folder.home, stack_folder.stack)
