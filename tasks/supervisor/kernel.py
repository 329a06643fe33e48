"""The few calls that Python lacks. Where the kernel is not Linux they do nothing or raise OSError."""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_FALLOC_FL_COLLAPSE_RANGE = 0x08

_libc = ctypes.CDLL(None, use_errno=True)


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


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
