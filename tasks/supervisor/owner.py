"""The owner of one program: its parent, and the parent of every orphan that it leaves, so that none outlives it.

It is forked by the launcher, waits for the program's end, ends the rest of what that started, and ends itself.
"""

import os
import signal
import time
from contextlib import suppress
from typing import NoReturn

from tasks.supervisor.becoming import become_program
from tasks.supervisor.family import read_table
from tasks.supervisor.launch import Launch, account_of
from tasks.supervisor.mark import is_kept_elsewhere
from tasks.supervisor.syscalls import adopt_orphans, name_process

NAME = "tenfold-owner"
CLEAN = "clean"
"""Its last word: nothing of what the program started is left."""
_SECONDS = 10.0
_POLL_SECONDS = 0.002
_IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)


def own(request: int, *, log: int, gate: int, teller: int, status: int, listener: int | None) -> NoReturn:
    """In a fork of the launcher: fork the program, tell both pids, then how it ended, then that nothing is left.

    Each is a line in `status`, whose end means that this process has ended. `request` is a file with the launch, read
    by the program and at its end: what is read before costs memory for as long as this process lives. Never returns.
    """
    code = 1
    try:
        for number in _IGNORED:
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        adopt_orphans()
        name_process(NAME)
        leader = os.fork()
        if leader == 0:
            os.close(status)
            _become(request, log=log, gate=gate, teller=teller, listener=listener)
        for descriptor in (log, gate, teller, *([] if listener is None else [listener])):
            os.close(descriptor)
        _tell(status, f"{os.getpid()} {leader}")
        _tell(status, str(_code_of(leader)))
        if _end_children(_launch(request).mark):
            _tell(status, CLEAN)
        code = 0
    finally:
        os._exit(code)


def _become(request: int, *, log: int, gate: int, teller: int, listener: int | None) -> NoReturn:
    try:
        launch = _launch(request)
        account = account_of(launch.process)
    except BaseException as error:
        os.write(teller, str(error).encode()[:4000])
        os._exit(127)
    become_program(launch.process, launch.argv, account, log=log, gate=gate, teller=teller, listener=listener)


def _launch(request: int) -> Launch:
    return Launch.from_text(os.pread(request, os.fstat(request).st_size, 0))


def _tell(status: int, line: str) -> None:
    with suppress(OSError):  # a supervisor that was killed does not listen any more
        os.write(status, f"{line}\n".encode())


def _code_of(leader: int) -> int:
    """Reap whatever ends until it is the program; how that ended."""
    while True:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)
        if ended is not None and ended.si_pid == leader:
            # Before it is reaped: as long as it is a zombie the group's number cannot be another's.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(leader, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(leader, 0)[1])
        os.waitpid(-1, os.WNOHANG)


def _end_children(mark: str) -> bool:
    """Kill child after child: those of a killed one become ours. False if one cannot be ended.

    A supervisor that the program started keeps what is its own, and is left alone.
    """
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        children = [pid for pid in _children() if not is_kept_elsewhere(pid, mark)]
        if not children:
            return True
        for pid in children:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)
    return False


def _children() -> list[int]:
    own = os.getpid()
    try:
        with open(f"/proc/self/task/{own}/children", encoding="ascii") as file:  # noqa: PTH123
            return [int(pid) for pid in file.read().split()]
    except FileNotFoundError:  # a kernel that was built without it
        return [pid for pid, entry in read_table().items() if entry.parent == own]
