"""Whose process is at the other end of a unix socket. A file's mode can be opened by mistake; this cannot."""

import os
import socket
import struct
import sys

_LOCAL_LEVEL, _LOCAL_PEERCRED = 0, 1
"""Of macOS, which Python does not name."""


def uid_of(connection: socket.socket) -> int:
    """The account that connected to us, or that listens where we connected. OSError if the system cannot tell."""
    if sys.platform == "linux":
        _pid, uid, _gid = struct.unpack("=iii", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    else:
        _version, uid = struct.unpack("=II", connection.getsockopt(_LOCAL_LEVEL, _LOCAL_PEERCRED, 76)[:8])
    return int(uid)


def is_trusted(connection: socket.socket, *accounts: int) -> bool:
    """Whether the other end acts as us, as root, or as one of these accounts."""
    return uid_of(connection) in {0, os.geteuid(), *accounts}
