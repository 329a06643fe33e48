"""The proxy's admin socket. A proxy that does not answer knows nothing."""

import http.client
import socket
from pathlib import Path

from tasks.providers.envoy.view import View, clusters_target, routes_target, routes_version_of, view_of
from tasks.supervisor.folder import short

_seconds = 2.0


def view(folder: Path) -> View | None:
    """Every cluster and endpoint that the proxy in this folder uses by now; None if it does not answer."""
    return view_of(_get(folder, clusters_target))


def routes_version(folder: Path) -> str | None:
    """The version of the routes that are served on loopback, "" if it has none yet; None if it does not answer."""
    return routes_version_of(_get(folder, routes_target))


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(_seconds)
        with short(self._path) as path:
            self.sock.connect(path)


def _get(folder: Path, target: str) -> bytes | None:
    connection = _Connection(folder / "admin.sock")
    try:
        connection.request("GET", target)
        return connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
