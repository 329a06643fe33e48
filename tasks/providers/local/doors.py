"""The doors between the front and the stacks' proxies: unix sockets that the front alone may connect to.

A stack's proxy makes them in a folder of its own account, whose group is that of the front's account. So what comes in
there, and whom it says it comes from, is the front's word.
"""

import os
from pathlib import Path

from infra_specs.sharing.front import front_name
from tasks.providers.local.accounts import stack_accounts
from tasks.providers.local.files import make_folder
from tasks.providers.local.stack_folder import StackFolder

FRONT = front_name("local")
"""The front's name among the stacks of a home."""


def door_of(stack: str, port: int) -> str:
    """The door of a stack's proxy in place of a port, named from the folder that any proxy of this home runs in."""
    return f"../../{stack}/doors/{port}.sock"


def make(stack_folder: StackFolder) -> None:
    """Make the folder of a stack's doors, and let the front in, to doors that are there already, too."""
    account = stack_folder.account
    front = stack_accounts.ensure(stack_folder.home, FRONT) if account else None
    if account is None or front is None:
        make_folder(stack_folder.doors)
        return
    owner = (account.uid, front.gid)
    make_folder(stack_folder.doors, 0o750, owner)
    stack_folder.doors.chmod(0o2750)  # a door that is made here has the folder's group
    for door in stack_folder.doors.iterdir():
        _let_in(door, front.gid)


def _let_in(door: Path, group: int) -> None:
    """The account of the stack owns the folder, so nothing is followed that it may have put there."""
    if door.lstat().st_gid != group:
        os.chown(door, -1, group, follow_symlinks=False)
