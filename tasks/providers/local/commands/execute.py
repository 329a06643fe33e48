"""A command beside a process of ours: its environment, folder and account, in a session of its own."""

import os
import pwd
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from infra_specs.errors import ProviderError
from tasks.providers.local.commands.pipe import begin, carry
from tasks.providers.local.commands.session import run
from tasks.supervisor.confine import become
from tasks.supervisor.process import Process
from tasks.supervisor.running import shell_exit_code


def execute(process: Process, command: Sequence[str], more: Mapping[str, str], *, terminal: bool) -> int:
    """Run it to its end, with `more` variables, and return its exit code. `terminal`: it gets one of its own.

    It never gets this process's terminal: the account could type there (TIOCSTI) as who asks.
    """
    env = {**process.env, **more, **({"TERM": os.environ["TERM"]} if "TERM" in os.environ else {})}
    account = _account(process)
    with _explained(process, command, env):
        code = run(command, env, _entering(process, account), terminal=terminal, owner=account and account.pw_uid)
    return shell_exit_code(code)


def pipe(process: Process, command: Sequence[str], more: Mapping[str, str], source: BinaryIO, sink: BinaryIO) -> int:
    """Run it to its end between `source` and `sink`, with `more` variables, and return its exit code."""
    env = {**process.env, **more}
    with _explained(process, command, env):
        child = begin(command, env, _entering(process, _account(process)))
    return shell_exit_code(carry(child, source, sink))


@contextmanager
def _explained(process: Process, command: Sequence[str], env: Mapping[str, str]) -> Iterator[None]:
    """What cannot be started in this block says why."""
    try:
        yield
    except subprocess.SubprocessError:
        whom = f"as the account {process.user} " if process.user and os.geteuid() == 0 else ""
        raise ProviderError(f"{command[0]} cannot be run {whom}in {process.cwd}") from None
    except FileNotFoundError:
        looked = f"in {env.get('PATH', '')}" if "/" not in command[0] else f"from {process.cwd}"
        raise ProviderError(f"{command[0]} is not there: install it, or name another (looked {looked})") from None
    except OSError as error:
        raise ProviderError(f"{command[0]} cannot be run: {error.strerror}") from error


def _account(process: Process) -> pwd.struct_passwd | None:
    """The account that it becomes; None is who runs us."""
    if not process.user or os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(process.user)
    except KeyError:
        raise ProviderError(f"this machine has no account {process.user} any more: run `tenfold reconcile`") from None


def _entering(process: Process, account: pwd.struct_passwd | None) -> Callable[[], None]:
    """What the child does first: be the account, then enter a folder that only this account may be let in to."""

    def enter() -> None:
        if account:
            become(process, account)
        os.chdir(process.cwd)

    return enter
