"""Forks that never leave an orphan: the child waits at a pipe until its pid is recorded, and ends if nobody lets it."""

import fcntl
import os
import pwd
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from tasks.supervisor.confine import become
from tasks.supervisor.identity import Identity, identify
from tasks.supervisor.process import Process
from tasks.supervisor.running import Running
from tasks.supervisor.syscalls import die_with_parent

LISTEN_DESCRIPTOR = 3
LISTEN_VARIABLE = "TENFOLD_LISTEN_FD"
"""Tells a process that its port's listening socket is that descriptor."""
_UMASK = 0o022
# Python ignores some of these, and an ignored signal stays ignored across exec.
_RESET = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGCHLD)


class CannotStart(Exception):
    """The program could not be run; the message says why."""


def spawn(
    process: Process,
    argv: Sequence[str],
    record: Callable[[Identity], None] | None,
    listener: int | None = None,
) -> Running:
    """Run `argv` as `process` would be run: its user, environment, folder and log, in a new session.

    `record` is called with its identity before it does anything. Without one the command is a probe: silent, and
    killed with us. `listener` becomes its descriptor 3.
    """
    account = _account(process.user) if process.user and os.geteuid() == 0 else None
    log = _open_log(process.log) if record else os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
    gate, opener = os.pipe()
    fault, teller = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(opener)
        ends = {"log": log, "gate": gate, "teller": teller}
        _become(process, argv, account, **ends, listener=listener, with_parent=record is None)
    for descriptor in (log, gate, teller):
        os.close(descriptor)
    try:
        identity = identify(pid)
        if identity and record:
            record(identity)
        if identity:
            os.write(opener, b"1")
    except OSError as error:
        os.close(opener)
        os.waitpid(pid, 0)
        os.close(fault)
        raise CannotStart(f"could not be recorded: {error}") from error
    os.close(opener)
    with os.fdopen(fault, "rb") as pipe:
        error_text = pipe.read().decode(errors="replace")
    if identity is None or error_text:
        os.waitpid(pid, 0)
        raise CannotStart(f"could not be started: {error_text or 'it was killed at once'}")
    return Running.child(identity)


def _account(name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        raise CannotStart(f"could not be started: this machine has no account {name} any more") from None


def _open_log(path: str) -> int:
    try:
        Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise CannotStart(f"its log cannot be opened: {error}") from error


def _become(
    process: Process,
    argv: Sequence[str],
    account: pwd.struct_passwd | None,
    *,
    log: int,
    gate: int,
    teller: int,
    listener: int | None,
    with_parent: bool,
) -> NoReturn:
    """In the child: wait to be let through, then be the program. Never returns."""
    try:
        os.setsid()
        for number in _RESET:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log, 1)
        os.dup2(log, 2)
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
