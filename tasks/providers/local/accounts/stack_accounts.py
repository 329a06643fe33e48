"""An account of its own for every stack, where root runs us: made with its first thing, removed with its last."""

import fcntl
import grp
import hashlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from infra_specs.errors import ProviderError, TransientError
from tasks.providers.local.accounts import account_numbers
from tasks.supervisor import syscalls

_PROGRAMS = "/usr/sbin:/sbin:/usr/bin:/bin"
_TOOLS = ("useradd", "userdel", "groupadd", "groupdel")
_NEEDED = {
    "CHOWN": syscalls.CAP_CHOWN,
    "KILL": syscalls.CAP_KILL,
    "SETGID": syscalls.CAP_SETGID,
    "SETUID": syscalls.CAP_SETUID,
}
_LOCKED = (1, 10)
"""What useradd, userdel and their like end with when another of them is at work."""
_TAKEN, _UNKNOWN, _BUSY = 9, 6, 8
_SECONDS = 30.0
_POLL_SECONDS = 0.05
_LONGEST_STACK = 16
_COMMENT = re.compile(r"Tenfold stack (\S+) of (.*)")
_SHARED_FOLDERS = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 - where litter of an account is looked for


@dataclass(frozen=True, slots=True)
class Account:
    """One account of this machine."""

    name: str
    uid: int
    gid: int


def hindrance() -> str:
    """Why stacks get no accounts here, and the cure, as a part of a sentence; empty where they do."""
    if not sys.platform.startswith("linux"):
        return "accounts are made on Linux alone: run Tenfold there as root"
    if os.geteuid() != 0:
        return "only root can make accounts: run Tenfold as root"
    if missing := [name for name in _TOOLS if shutil.which(name, path=_PROGRAMS) is None]:
        return f"this machine has no {' and no '.join(missing)}: install the package that holds it (passwd or shadow)"
    if missing := [name for name, capability in _NEEDED.items() if not syscalls.is_capable(capability)]:
        return f"root lacks the capability {' and '.join(missing)} here: start Tenfold with it (docker run --cap-add)"
    return "" if os.access("/etc", os.W_OK) else "/etc cannot be written here: make it writable"


def are_possible() -> bool:
    """Whether stacks get accounts here."""
    return not hindrance()


def name_of(home: Path, stack: str) -> str:
    """The account's name, at most 32 characters: no two stacks of this machine have the same."""
    digest = hashlib.sha256(f"{os.path.realpath(home)}\0{stack}".encode()).hexdigest()
    return f"tf-{stack[:_LONGEST_STACK].rstrip('-')}-{digest[:12]}"


def find(home: Path, stack: str) -> Account | None:
    """The stack's account; None if it has none or accounts are not possible: one that cannot be made cannot be used.

    ProviderError if somebody else has its name.
    """
    if not are_possible():
        return None
    name = name_of(home, stack)
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    if entry.pw_gecos != _comment(home, stack):
        raise ProviderError(f"the account {name} is not one that Tenfold made for {stack}: rename it")
    return Account(name, entry.pw_uid, entry.pw_gid)


def ensure(home: Path, stack: str) -> Account | None:
    """The stack's account, made if need be; None where none is possible. Any number may call this at once."""
    if not are_possible():
        return None
    name = name_of(home, stack)
    options = ("--system", "--no-create-home", "--home-dir", "/nonexistent", "--shell", _no_login())
    with _alone():
        account = find(home, stack)
        if account is None:
            if _has_group(name):  # of a useradd or userdel that was killed
                _run("groupdel", name)
            number = ("--uid", str(account_numbers.take(home)))
            _run("useradd", *options, *number, "--user-group", "--comment", _comment(home, stack), name)
            account = find(home, stack)
        if account is None:
            raise ProviderError(f"useradd made the account {name}, but this machine does not know it")
        if not _has_group(name):
            _run("groupadd", "--system", "--gid", str(account.gid), name)
    return account


def remove(home: Path, stack: str) -> None:
    """End all that runs as the stack's account, and remove it with what it left in shared folders. Gone: success."""
    if not are_possible():
        return
    name = name_of(home, stack)
    with _alone():
        if account := find(home, stack):
            _end_all(account)
            _remove_litter(account)
            _run("userdel", name, fine=(_UNKNOWN,))
        if _has_group(name):
            _run("groupdel", name)


def stacks_of(home: Path) -> Iterator[str]:
    """Every stack of this home that has an account."""
    with suppress(OSError):
        for line in Path("/etc/passwd").read_text(encoding="utf-8", errors="replace").splitlines():
            fields = line.split(":")
            comment = _COMMENT.match(fields[4]) if len(fields) > 4 else None
            if comment and fields[0] == name_of(home, comment[1]):
                yield comment[1]


def _comment(home: Path, stack: str) -> str:
    """As a field of /etc/passwd may be."""
    text = f"Tenfold stack {stack} of {os.path.realpath(home)}"
    return re.sub(r"[^ -~]|[:,=\\\"]", "?", text)


def _no_login() -> str:
    return shutil.which("nologin", path=_PROGRAMS) or "/bin/false"


def _has_group(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


@contextmanager
def _alone() -> Iterator[None]:
    """Alone among all of ours on this machine: useradd, too, waits for a lock only in steps of a second."""
    handle = os.open("/run/tenfold-accounts.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _run(program: str, *arguments: str, fine: tuple[int, ...] = ()) -> None:
    """Run it, again while another of its kind is at work. ProviderError with what it said."""
    deadline = time.monotonic() + _SECONDS
    while True:
        ended = subprocess.run(
            [program, *arguments],
            env={"PATH": _PROGRAMS, "LC_ALL": "C"},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode in (0, *fine):
            return
        reason = " ".join(ended.stderr.split()) or f"it ended with {ended.returncode}"
        if ended.returncode not in (*_LOCKED, _BUSY):
            raise ProviderError(f"{program} {arguments[-1]} failed: {reason}")
        if time.monotonic() >= deadline:
            raise TransientError(f"{program} {arguments[-1]} still fails after {_SECONDS:g} s: {reason}")
        time.sleep(_POLL_SECONDS)  # another program holds the lock of the account files


def _end_all(account: Account) -> None:
    """Whatever still runs as it: programs that left the group which their supervisor ends."""
    deadline = time.monotonic() + _SECONDS
    while pids := list(_running_as(account.uid)):
        if time.monotonic() >= deadline:
            raise TransientError(f"processes of the account {account.name} do not end: {pids}")
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(_POLL_SECONDS)  # nothing tells of the end of processes that are not our children


def _running_as(uid: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines = (folder / "status").read_text().splitlines()
            status = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
            if str(uid) in status["Uid"].split() and not status["State"].startswith(("Z", "X")):
                yield int(folder.name)


def _remove_litter(account: Account) -> None:
    """The next account may get this one's number, and must not get its files with it."""
    for folder in map(Path, _SHARED_FOLDERS):
        with suppress(FileNotFoundError):
            for entry in os.scandir(folder):
                with suppress(FileNotFoundError):
                    if entry.stat(follow_symlinks=False).st_uid != account.uid:
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        shutil.rmtree(entry.path, ignore_errors=True)
                    else:
                        os.unlink(entry.path)  # noqa: PTH108
