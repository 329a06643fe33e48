"""A child that root forked becomes an account of its own: with a way to what it needs, and to nothing else.

As root, before it gives its power up, it makes that way in a mount namespace that nobody else sees.
"""

import os
import pwd
import stat
from collections.abc import Iterable
from contextlib import suppress

from tasks.supervisor import syscalls
from tasks.supervisor.covering import Bind, Cover, Link, steps
from tasks.supervisor.process import Process

_UMASK = 0o077
_MOST_LINKS = 40
_KEPT_FLAGS = syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC
"""How a file system was mounted, which showing it elsewhere must not undo. statvfs(3) has the same numbers."""


def become(process: Process, account: pwd.struct_passwd) -> None:
    """Be this account from now on, as `process` says. OSError if it cannot be.

    It has its first group alone, and no program that it runs gives it more power.
    """
    open_ways(process, (account.pw_uid, account.pw_gid))
    keeps_low_ports = process.low_ports and syscalls.is_capable(syscalls.CAP_NET_BIND_SERVICE)
    if keeps_low_ports:
        syscalls.keep_capabilities()
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    if keeps_low_ports:
        syscalls.pass_on_capability(syscalls.CAP_NET_BIND_SERVICE)
    syscalls.gain_no_privileges()
    os.umask(_UMASK)


def open_ways(process: Process, account: tuple[int, int]) -> None:
    """Let this account reach what `process` names, in this process alone. OSError names the folder in the way."""
    needs, links = trace(path for path in (*process.reads, *process.writes) if not foreign_link(path))
    writable, hides = set(trace(process.writes)[0]) & set(needs), trace(process.hides)[0]
    owners = {path for path in writable if not is_readable(path, account[0])}
    todo = steps({path: path in writable for path in needs}, links, is_closed, owners, hides)
    if not todo:
        return
    syscalls.leave_mounts()
    # Opened before anything is covered: afterwards nothing else leads there.
    sources = {step.path: _source(step, account) for step in todo if isinstance(step, Bind)}
    for step in todo:
        match step:
            case Cover(path):
                syscalls.mount("tmpfs", path, "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "mode=0711,size=1m")
            case Bind(path):
                _show(sources[path], step)
            case Link(path, target):
                _make_folders(os.path.dirname(path))  # noqa: PTH120
                os.symlink(target, path)  # noqa: PTH211
    for step in todo:
        if isinstance(step, Cover):
            _restrict(step.path, syscalls.MS_RDONLY | syscalls.MS_NOSUID | syscalls.MS_NODEV)
    for source in sources.values():
        os.close(source)


def trace(paths: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Where these paths really are, and every link on the way: its own path, and what it says. No path twice.

    A path that is not there is left out.
    """
    found: dict[str, None] = {}
    links: dict[str, str] = {}
    for path in paths:
        real = _follow(path, links)
        if real and os.path.lexists(real):
            found[real] = None
    return list(found), links


def foreign_link(path: str) -> str:
    """The first link on this way that is neither root's nor ours; empty if there is none.

    Its owner may let it lead anywhere at any time, so it opens no way.
    """
    links = trace([path])[1]
    return next((link for link in links if os.lstat(link).st_uid not in (0, os.geteuid())), "")


def is_closed(folder: str) -> bool:
    """Whether accounts that are neither its owner nor in its group are kept from passing this folder."""
    return not os.stat(folder).st_mode & stat.S_IXOTH  # noqa: PTH116


def is_readable(path: str, uid: int | None = None) -> bool:
    """By this account, or else by any other than the owner's: a folder can be entered; a program need not be read."""
    status = os.stat(path)  # noqa: PTH116
    mode = status.st_mode >> 6 if status.st_uid == uid else status.st_mode
    return bool(mode & (stat.S_IXOTH if stat.S_ISDIR(status.st_mode) else stat.S_IROTH | stat.S_IXOTH))


def _follow(path: str, links: dict[str, str]) -> str:
    """Where a path leads, and into `links` each link on the way; empty if it leads round in a ring."""
    real, parts, left = "", path.split("/"), _MOST_LINKS
    while parts:
        part = parts.pop(0)
        if part == "..":
            real = real.rpartition("/")[0]
        elif part not in ("", "."):
            step = f"{real}/{part}"
            if not os.path.islink(step):  # noqa: PTH114
                real = step
            elif left:
                left -= 1
                links[step] = target = os.readlink(step)  # noqa: PTH115
                real = "" if target.startswith("/") else real
                parts = [*target.split("/"), *parts]
            else:
                return ""
    return real or "/"


def _source(bind: Bind, account: tuple[int, int]) -> int:
    status = os.open(bind.path, os.O_PATH | os.O_CLOEXEC)
    if not bind.mapped:
        return status
    try:
        return syscalls.map_owner(status, account)
    except OSError as error:
        raise OSError(error.errno, error.strerror, bind.path) from error
    finally:
        os.close(status)


def _show(source: int, bind: Bind) -> None:
    if stat.S_ISDIR(os.fstat(source).st_mode):
        _make_folders(bind.path)
    elif not os.path.exists(bind.path):  # noqa: PTH110
        _make_folders(os.path.dirname(bind.path))  # noqa: PTH120
        os.close(os.open(bind.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    if bind.mapped:
        syscalls.attach(source, bind.path)
        return
    syscalls.mount(f"/proc/self/fd/{source}", bind.path, "", syscalls.MS_BIND | syscalls.MS_REC)
    if not bind.writable:
        _restrict(bind.path, syscalls.MS_RDONLY | syscalls.MS_NOSUID | os.statvfs(bind.path).f_flag & _KEPT_FLAGS)


def _restrict(path: str, flags: int) -> None:
    syscalls.mount("none", path, "", syscalls.MS_REMOUNT | syscalls.MS_BIND | flags)


def _make_folders(path: str) -> None:
    """Those that are missing, which every account may pass and none may read."""
    if os.path.isdir(path):  # noqa: PTH112
        return
    _make_folders(os.path.dirname(path))  # noqa: PTH120
    with suppress(FileExistsError):
        os.mkdir(path)  # noqa: PTH102
    os.chmod(path, 0o711)  # noqa: PTH101, S103 - empty but for what is shown there
