"""Validate a process before anything is started."""

import os
import pwd
import signal
from dataclasses import replace
from pathlib import Path

from tasks.supervisor.folder import log_name
from tasks.supervisor.process import Process

_LONGEST_NAME = 200
_LARGEST_PORT = 65535


class RequestError(Exception):
    """The caller's answer is an error; `transient`: the same call may succeed later; `port_taken`: another port may."""

    def __init__(self, message: str, *, transient: bool = False, port_taken: bool = False) -> None:
        super().__init__(message)
        self.transient = transient
        self.port_taken = port_taken


def validated(process: Process, folder: Path) -> Process:
    """The process as it will be kept, with its log named. Raises RequestError if it can never run."""
    name = process.name
    if not name or len(os.fsencode(log_name(name))) > _LONGEST_NAME or "\0" in name:
        raise RequestError(f"{name[:40]!r} cannot be a process's name: it needs 1 to {_LONGEST_NAME} bytes")
    if not process.argv or not all(process.prepare):
        raise RequestError(f"{name}: a command is empty")
    if process.stop_signal not in signal.Signals.__members__:
        raise RequestError(f"{name}: there is no signal {process.stop_signal}")
    process = replace(process, log=process.log or str(folder / log_name(name)))
    paths = (*process.reads, *process.writes, *process.hides)
    for part, path in (("log", process.log), ("cwd", process.cwd), *(("way to a path", path) for path in paths)):
        if not Path(path).is_absolute():
            raise RequestError(f"{name}: its {part} must be an absolute path, not {path}")
    if process.user:
        _vet_user(name, process.user)
    _vet_listen(process)
    return process


def comparable(process: Process) -> Process:
    """Without labels, which may be changed while it runs, and without what an earlier version cannot have asked for."""
    return replace(process, labels={}, owned=False)


def _vet_listen(process: Process) -> None:
    if not 0 <= process.listen <= _LARGEST_PORT:
        raise RequestError(f"{process.name}: {process.listen} is no port to listen on")
    probe = process.probe
    if process.listen and probe and probe.kind == "tcp" and probe.port == process.listen:
        raise RequestError(f"{process.name}: a tcp probe of the port that is held for it always succeeds: use http")


def _vet_user(name: str, user: str) -> None:
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise RequestError(f"{name}: this machine has no user {user}") from None
    if os.geteuid() not in (0, account.pw_uid):
        raise RequestError(f"{name}: only a supervisor that root started can run it as {user}")
