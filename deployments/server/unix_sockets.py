"""Sockets by which the processes of the control plane talk: files that their owner alone can reach."""

import socket
from pathlib import Path

from tasks.supervisor.folder import short


def bound(path: Path, kind: socket.SocketKind) -> socket.socket:
    """A unix socket of this kind at `path`, however long that is, in place of any that was left there."""
    path.unlink(missing_ok=True)
    bound_socket = socket.socket(socket.AF_UNIX, kind)
    with short(path) as name:
        bound_socket.bind(name)
    path.chmod(0o600)
    return bound_socket
