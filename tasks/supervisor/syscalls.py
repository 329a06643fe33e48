"""The few calls that Python lacks. Where the kernel is not Linux they do nothing or raise OSError."""

import ctypes
import errno
import os
import sys
from contextlib import suppress

CAP_CHOWN, CAP_KILL, CAP_SETGID, CAP_SETUID = 0, 5, 6, 7
CAP_NET_BIND_SERVICE = 10
CAP_SYS_ADMIN = 21
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 0x1, 0x2, 0x4, 0x8
MS_REMOUNT, MS_BIND, MS_REC = 0x20, 0x1000, 0x4000
_MS_SLAVE = 1 << 19
_CLONE_NEWNS = 0x20000
_CLONE_NEWUSER = 0x10000000
_OPEN_TREE, _MOVE_MOUNT, _MOUNT_SETATTR = 428, 429, 442
"""System calls that libc may lack; the same numbers on every machine that we run on."""
_AT_FDCWD, _AT_EMPTY_PATH = -100, 0x1000
_OPEN_TREE_CLONE, _OPEN_TREE_CLOEXEC = 0x1, 0o2000000
_MOVE_MOUNT_F_EMPTY_PATH = 0x4
_MOUNT_ATTR_RDONLY, _MOUNT_ATTR_NOSUID, _MOUNT_ATTR_NODEV, _MOUNT_ATTR_IDMAP = 0x1, 0x2, 0x4, 0x100000
_CAPABILITY_VERSION = 0x20080522
_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_SET_NAME = 15
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_NO_NEW_PRIVS = 38
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_FALLOC_FL_COLLAPSE_RANGE = 0x08

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


class _CapabilityWord(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint32) for name in ("effective", "permitted", "inheritable")]


class _MountAttributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "namespace")]


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def name_process(name: str) -> None:
    """What `ps` calls this process, at most 15 bytes."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_NAME, name.encode(), 0, 0, 0)


def die_with_parent(number: int) -> None:
    """Be sent that signal when the parent ends."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, number, 0, 0, 0)


def drop_front(descriptor: int, size: int) -> None:
    """Take the first `size` bytes (whole blocks) out of a file while others append to it; OSError if unsupported."""
    if sys.platform != "linux":
        raise OSError("no such call here")
    offset, length = ctypes.c_int64(0), ctypes.c_int64(size)
    if _libc.fallocate(descriptor, _FALLOC_FL_COLLAPSE_RANGE, offset, length):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def is_capable(capability: int) -> bool:
    """Whether this process may use a capability now."""
    if sys.platform != "linux":
        return False
    words = (_CapabilityWord * 2)()
    _checked(_libc.capget(ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION, 0)), words))
    return bool(words[capability // 32].effective & 1 << capability % 32)


def keep_capabilities() -> None:
    """Keep what may be used when root becomes another account; `pass_on_capability` gives all but one up."""
    _checked(_libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))


def pass_on_capability(capability: int) -> None:
    """Have this capability alone, and give it to the programs that this process becomes."""
    words = (_CapabilityWord * 2)()
    bit = 1 << capability % 32
    words[capability // 32] = _CapabilityWord(bit, bit, bit)
    _checked(_libc.capset(ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION, 0)), words))
    _checked(_libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0))


def gain_no_privileges() -> None:
    """From now on no program that is run (`sudo`, say) gives more power than this process has."""
    if sys.platform == "linux":
        _checked(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))


def leave_mounts() -> None:
    """Have mounts of its own: what is mounted from now on nobody else sees, and what others mount is seen here."""
    _checked(_libc.unshare(_CLONE_NEWNS))
    mount("none", "/", "", _MS_SLAVE | MS_REC)


def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
    """mount(2). OSError names the target."""
    names = (os.fsencode(name) for name in (source, target, kind))
    _checked(_libc.mount(*names, ctypes.c_ulong(flags), data.encode()), target)


def map_owner(folder: int, owner: tuple[int, int]) -> int:
    """A mount, not yet anywhere, that shows an open folder read-only and its owner's files as this owner's.

    Returns its descriptor. OSError where the kernel or the file system cannot: since Linux 5.12, most can.
    """
    status = os.fstat(folder)
    flags = _AT_EMPTY_PATH | _OPEN_TREE_CLONE | _OPEN_TREE_CLOEXEC
    mounted = _libc.syscall(_OPEN_TREE, folder, b"", ctypes.c_uint(flags))
    _checked(mounted < 0)
    try:
        namespace = _user_namespace((status.st_uid, status.st_gid), owner)
        try:
            restricted = _MOUNT_ATTR_RDONLY | _MOUNT_ATTR_NOSUID | _MOUNT_ATTR_NODEV | _MOUNT_ATTR_IDMAP
            attributes = _MountAttributes(restricted, 0, 0, namespace)
            size = ctypes.c_size_t(ctypes.sizeof(attributes))
            _checked(_libc.syscall(_MOUNT_SETATTR, mounted, b"", _AT_EMPTY_PATH, ctypes.byref(attributes), size))
        finally:
            os.close(namespace)
    except BaseException:
        os.close(mounted)
        raise
    return int(mounted)


def attach(mounted: int, path: str) -> None:
    """Mount there what `map_owner` made."""
    target = os.fsencode(path)
    _checked(_libc.syscall(_MOVE_MOUNT, mounted, b"", _AT_FDCWD, target, _MOVE_MOUNT_F_EMPTY_PATH), path)


def _user_namespace(before: tuple[int, int], after: tuple[int, int]) -> int:
    """A descriptor of a user namespace in which the first account and group are the second. It needs a process.

    Each side is told by a byte and not by the end of a pipe: what another thread forks meanwhile holds our ends, too.
    """
    ready, teller = os.pipe()
    wait, opener = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(opener)
        os.write(teller, b"1" if _libc.unshare(_CLONE_NEWUSER) == 0 else b"0")
        os.read(wait, 1)
        os._exit(0)
    os.close(teller)
    os.close(wait)
    try:
        if os.read(ready, 1) != b"1":
            raise OSError(errno.EPERM, "no user namespace can be made")
        for name, was, becomes in zip(("uid_map", "gid_map"), before, after, strict=True):
            with open(f"/proc/{pid}/{name}", "w", encoding="ascii") as file:  # noqa: PTH123
                file.write(f"{was} {becomes} 1")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        with suppress(BrokenPipeError):  # it was killed
            os.write(opener, b"1")
        os.close(ready)
        os.close(opener)
        os.waitpid(pid, 0)


def _checked(result: int, path: str | None = None) -> None:
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), path)
