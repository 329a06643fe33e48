"""A command beside a process of ours: its environment, folder and account, and the terminal of who asks."""

import os
import pwd
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from infra_specs.errors import ProviderError
from tasks.supervisor.confine import become
from tasks.supervisor.process import Process
from tasks.supervisor.running import as_shells_count


def execute(process: Process, command: Sequence[str], more: Mapping[str, str]) -> int:
    """Run it to its end, with `more` variables, and return its exit code. It shares this process's terminal, if any."""
    env = {**process.env, **more, **({"TERM": os.environ["TERM"]} if "TERM" in os.environ else {})}
    try:
        with _left_to_the_command():
            ended = subprocess.run(list(command), env=env, check=False, **_where(process))
    except subprocess.SubprocessError:
        raise ProviderError(f"{command[0]} cannot be run as the account {process.user} in {process.cwd}") from None
    except FileNotFoundError:
        there = f"in {env.get('PATH', '')}" if "/" not in command[0] else f"from {process.cwd}"
        raise ProviderError(f"{command[0]} is not there: install it, or name another (looked {there})") from None
    except OSError as error:
        raise ProviderError(f"{command[0]} cannot be run: {error.strerror}") from error
    return as_shells_count(ended.returncode)


def _where(process: Process) -> dict[str, Any]:
    """As its account, in its folder: one that only this account is let in to cannot be entered before."""
    if not process.user or os.geteuid() != 0:
        return {"cwd": process.cwd}
    try:
        account = pwd.getpwnam(process.user)
    except KeyError:
        raise ProviderError(f"this machine has no account {process.user} any more: run `tenfold reconcile`") from None

    def be_the_account() -> None:
        become(process, account)
        os.chdir(process.cwd)

    return {"preexec_fn": be_the_account}


@contextmanager
def _left_to_the_command() -> Iterator[None]:
    """Ctrl-C reaches everybody at a terminal; what it means here is the command's to say. As a shell does it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    sys.stdout.flush()
    # A function, not SIG_IGN: that the command would inherit.
    before = [(number, signal.signal(number, lambda *_: None)) for number in (signal.SIGINT, signal.SIGQUIT)]
    try:
        yield
    finally:
        for number, was in before:
            signal.signal(number, was)
