"""A forked child becomes the program of a process: its session, streams, account, folder and environment."""

import fcntl
import os
import pwd
import signal
from collections.abc import Sequence
from typing import NoReturn

from tasks.supervisor.confine import become
from tasks.supervisor.process import Process
from tasks.supervisor.syscalls import die_with_parent

LISTEN_DESCRIPTOR = 3
LISTEN_VARIABLE = "TENFOLD_LISTEN_FD"
"""Tells a process that its port's listening socket is that descriptor."""
_UMASK = 0o022
# Python ignores some of these, and an ignored signal stays ignored across exec.
_RESET = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


def become_program(
    process: Process,
    argv: Sequence[str],
    account: pwd.struct_passwd | None,
    *,
    log: int,
    gate: int,
    teller: int,
    listener: int | None,
    with_parent: bool = False,
) -> NoReturn:
    """In the child: wait at `gate` to be let through, then be the program. Never returns.

    What keeps it from that is written to `teller`. `listener` becomes its descriptor 3.
    """
    try:
        _begin_session(log)
        if os.read(gate, 1) != b"1":
            os._exit(1)
        os.umask(_UMASK)
        if account:
            become(process, account)
        if with_parent:
            die_with_parent(signal.SIGKILL)
        os.chdir(process.cwd)
        env = dict(process.env)
        if listener is not None:
            teller = fcntl.fcntl(teller, fcntl.F_DUPFD_CLOEXEC, LISTEN_DESCRIPTOR + 1)
            os.dup2(listener, LISTEN_DESCRIPTOR)
            os.set_inheritable(LISTEN_DESCRIPTOR, True)
            env[LISTEN_VARIABLE] = str(LISTEN_DESCRIPTOR)
        os.execvpe(argv[0], list(argv), env)  # noqa: S606
    except BaseException as error:  # Whatever it is, nothing of the supervisor may run on in the child.
        os.write(teller, str(error).encode()[:4000])
    finally:
        os._exit(127)


def _begin_session(log: int) -> None:
    """A session of its own, with signals as they are by default, nothing to read, and all output in the log."""
    os.setsid()
    for number in _RESET:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
