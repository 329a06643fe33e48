"""Which process is which: a pid alone is reused, with its start and the machine's boot it is not."""

import functools
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Identity:
    """One process for all time. `started` is in clock ticks since `boot`, or what the system has in their place."""

    pid: int
    started: str
    boot: str


def identify(pid: int) -> Identity | None:
    """Who has this pid now; None if nobody, or one who has ended and only waits to be reaped."""
    if sys.platform != "linux":
        started = _ask("ps", "-o", "lstart=", "-p", str(pid))
        return Identity(pid, started, _boot()) if started else None
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in brackets and may hold anything, brackets too.
    fields = stat[stat.rindex(b")") + 2 :].split()
    if fields[0] in (b"Z", b"X"):
        return None
    return Identity(pid, fields[19].decode(), _boot())


def is_stopped(pid: int) -> bool:
    """Whether somebody has stopped it (SIGSTOP), so that it does nothing until it is told to go on. Told on Linux."""
    with suppress(OSError):
        stat = Path(f"/proc/{pid}/stat").read_bytes()
        return stat[stat.rindex(b")") + 2 :].startswith(b"T")
    return False


def parent_of(pid: int) -> int:
    """The pid of its parent; 1 if it is gone."""
    if sys.platform != "linux":
        return int(_ask("ps", "-o", "ppid=", "-p", str(pid)) or 1)
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return 1
    return int(stat[stat.rindex(b")") + 2 :].split()[1])


def guardian_of(supervisor: int) -> int | None:
    """The pid of a supervisor's guardian; None if it is gone, and the parent is somebody else's process.

    A supervisor is forked from its guardian, so both have one command line, which names their folder.
    """
    guardian = parent_of(supervisor)
    command = _command_of(guardian)
    return guardian if command and command == _command_of(supervisor) else None


def _command_of(pid: int) -> bytes:
    if sys.platform != "linux":
        return _ask("ps", "-o", "args=", "-p", str(pid)).encode()
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@functools.cache
def _boot() -> str:
    if sys.platform != "linux":
        return _ask("sysctl", "-n", "kern.boottime")
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _ask(*argv: str) -> str:
    return subprocess.run(argv, capture_output=True, text=True, check=False).stdout.strip()
