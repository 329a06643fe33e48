"""As whom a program of a stack runs, and what it is let in to."""

import os
import pwd
from pathlib import Path
from typing import Any

from infra_specs.errors import ProviderError
from infra_specs.resources.resource import Resource
from tasks.providers.local.accounts import reach, stack_accounts
from tasks.providers.local.files import give, make_folder
from tasks.providers.local.stack_folder import StackFolder


def limit() -> str:
    """What a plan says where stacks have no accounts of their own; nothing where they have."""
    reason = stack_accounts.hindrance()
    if not reason:
        return ""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:  # as in a container that was started with a number of its own
        user = str(os.geteuid())
    return (
        f"This stack's programs run as your account {user} and can read your files, for {reason}, and each stack gets "
        "an account of its own, or use the target `docker`."
    )


def prepare(stack_folder: StackFolder) -> None:
    """Make the stack's account, its HOME, and a way to both; nothing where stacks have no accounts of their own."""
    account = stack_accounts.ensure(stack_folder.home, stack_folder.stack)
    if account is None:
        return
    make_folder(stack_folder.home, 0o711)
    home = make_folder(stack_folder.own)
    if home.stat().st_uid != account.uid:
        give(home, (account.uid, account.gid))


def as_account(stack_folder: StackFolder, *reads: str, writes: tuple[str, ...] = ()) -> dict[str, Any]:
    """The fields of a Process that runs as the stack's account and reaches these paths besides the stack's own.

    `writes` are for what it may write if their own modes say so.
    """
    account = stack_folder.account
    if account is None:
        return {}
    return {
        "user": account.name,
        "reads": reads,
        "writes": (str(stack_folder.path), *writes),
        "hides": (str(stack_folder.home),),
    }


def refuse_closed(stack_folder: StackFolder, resource: Resource, *reads: str) -> None:
    """ProviderError, with what to do, if the stack's account can never read one of these paths."""
    account = stack_folder.account
    needs = [reach.Need(path, "tenfold") for path in reads]
    if account and (
        fault := reach.fault(needs, stack_folder.home, stack_folder.programs_own, account.name, account.uid)
    ):
        raise ProviderError(f"{resource.address}: {fault}")


def give_volume(stack_folder: StackFolder, volume: Path) -> None:
    """Make a volume the account's, with all data in it. Only while nothing of another account writes to it."""
    if owner := stack_folder.owner:
        give(volume, owner)
