"""The guardian: a small parent that starts the supervisor again when it dies or hangs, and reaps orphans.

The two ask each other over a line of their own whether they still work, and each kills the other if it does not answer.

If the guardian itself dies, the supervisor becomes the guardian of a new supervisor: it keeps its pid, its children
and the lock. So one of the two must be killed before the other notices for anything to be missed, and even then the
next client starts both anew; what ran meanwhile runs on and is adopted.
"""

import _socket  # half the memory of `socket`, of which one call is needed
import fcntl
import os
import select
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from tasks.base.core_dumps import forbid as forbid_core_dumps
from tasks.supervisor.folder import LOCK, LOG
from tasks.supervisor.line import ASK_SECONDS, Line
from tasks.supervisor.syscalls import adopt_orphans

if TYPE_CHECKING:
    from tasks.supervisor.launcher import Launcher

_STEADY_SECONDS = 10.0
_PAUSES = (0.0, 0.0, 0.2, 1.0, 5.0)
"""Seconds before the next start, by how many in a row ended early."""


def main() -> None:
    """`FOLDER` starts one in the background, or does nothing if there is one.

    `FOLDER LOCK WRITE READ` goes on as its guardian, with the lock and the descriptor store of the one that died.
    """
    forbid_core_dumps()
    folder = sys.argv[1]
    os.umask(0o077)
    os.chdir(folder)
    if len(sys.argv) > 2:
        lock, *store = map(int, sys.argv[2:])
        for descriptor in (lock, *store):
            os.set_inheritable(descriptor, False)
        _guard(folder, lock, (store[0], store[1]) if store else _new_store())
        return
    lock = os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    if os.fork():
        os._exit(0)
    os.setsid()
    _detach()
    _guard(folder, lock, _new_store())


def _detach() -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)


def _new_store() -> tuple[int, int]:
    """Where supervisors leave descriptors for their successors. The pair stays open as long as the guardian lives."""
    write, read = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_DGRAM)
    return write.detach(), read.detach()


def _guard(folder: str, lock: int, store: tuple[int, int]) -> None:
    adopt_orphans()
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # Held back while there is nobody to pass it on to; the supervisor lets it through once it can obey it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    # Whatever ends wakes us up at once.
    ended, told = _pair()
    signal.signal(signal.SIGCHLD, _nothing)
    signal.set_wakeup_fd(told)
    quick_ends = 0
    while True:
        began = time.monotonic()
        guardian = os.getpid()
        ours, theirs = _pair()
        supervisor = os.fork()
        if supervisor == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for descriptor in (ended, told, ours):
                os.close(descriptor)
            _supervise(folder, lock, guardian, store, theirs)
        os.close(theirs)
        signal.signal(signal.SIGTERM, partial(_pass_on, supervisor))
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        code = _reap_until(supervisor, Line(ours, supervisor), ended)
        os.close(ours)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        if code == 0:
            # What detached itself from its group runs on: another folder's supervisor, started by a process of ours.
            return
        print(f"the supervisor ended with {code} and is started again", flush=True)
        quick_ends = 0 if time.monotonic() - began > _STEADY_SECONDS else quick_ends + 1
        time.sleep(_PAUSES[min(quick_ends, len(_PAUSES) - 1)])


def _pair() -> tuple[int, int]:
    """Two ends of a connection, both of which never wait and end with a program's start."""
    own, other = _socket.socketpair(_socket.AF_UNIX, _socket.SOCK_STREAM)
    for end in (own, other):
        end.setblocking(False)
    return own.detach(), other.detach()


def _nothing(_number: int, _frame: object) -> None:
    """A signal that is ignored wakes nobody up."""


def _pass_on(supervisor: int, number: int, _frame: object) -> None:
    with suppress(ProcessLookupError):
        os.kill(supervisor, number)


def _take_over(folder: str, lock: int, store: tuple[int, int]) -> None:
    """Become the guardian. Returns where our program was deleted meanwhile: the supervisor goes on without one."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    adopt_orphans()  # before the launcher sees our end: its owners must be the new guardian's children
    for descriptor in (lock, *store):
        os.set_inheritable(descriptor, True)
    inherited = map(str, (lock, *store))
    script = os.path.join(os.path.dirname(__file__), "__main__.py")  # noqa: PTH118, PTH120
    try:
        # The interpreter alone is not enough: without the script it would end at once.
        os.stat(script)  # noqa: PTH116
        os.execv(sys.executable, [sys.executable, "-I", "-S", script, folder, *inherited])  # noqa: S606
    except OSError as error:
        for descriptor in (lock, *store):
            os.set_inheritable(descriptor, False)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        print(f"the guardian ended, and the supervisor goes on without one: {error}", flush=True)


def _supervise(folder: str, lock: int, guardian: int, store: tuple[int, int], line: int) -> None:
    """In the child; never returns."""
    code = 1
    try:
        # asyncio takes TLS along if it can; nothing here speaks it, and it is a quarter of the memory.
        sys.modules["ssl"] = None  # type: ignore[assignment]
        launcher = _launcher()
        from tasks.supervisor.daemon import run  # noqa: PLC0415 - the guardian and the launcher stay small without it

        run(folder, lock, guardian, partial(_take_over, folder, lock, store), store, line=line, launcher=launcher)
        code = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(code)


def _launcher() -> "Launcher | None":
    if sys.platform != "linux":
        return None
    from tasks.supervisor.launcher import Launcher  # noqa: PLC0415 - the guardian stays small without it

    return Launcher()


def _reap_until(supervisor: int, line: Line, ended: int) -> int:
    """Reap whatever ends until it is the supervisor, and kill that if it hangs; how it ended."""
    while True:
        while (reaped := os.waitpid(-1, os.WNOHANG))[0]:
            if reaped[0] == supervisor:
                return os.waitstatus_to_exitcode(reaped[1])
        line.ask()
        if line.is_hang():
            print(f"the supervisor (pid {supervisor}) does not answer and is killed", flush=True)
            os.kill(supervisor, signal.SIGKILL)
        watched = [ended, line.descriptor] if line.is_open else [ended]
        readable, _, _ = select.select(watched, [], [], ASK_SECONDS)
        if ended in readable:
            with suppress(BlockingIOError):
                os.read(ended, 4096)
        if line.descriptor in readable:
            line.read()
