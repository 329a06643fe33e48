"""The proxy's admin socket. A proxy that does not answer knows nothing."""

import errno
import http.client
import socket
from pathlib import Path

from tasks.providers.envoy.admin_state import (
    CLUSTERS_PATH,
    LISTENERS_PATH,
    ROUTES_PATH,
    AdminState,
    parse_admin_state,
    routes_version_of,
)
from tasks.providers.envoy.counting import COUNTING_PATHS, traffic_of
from tasks.providers.envoy.tls import CERTIFICATES_PATH
from tasks.providers.seam.traffic import Traffic
from tasks.supervisor.folder import short
from tasks.supervisor.peer import is_trusted

SOCKET = "admin/admin.sock"
"""In the proxy's folder. Its own folder is the proxy's, for that makes it; the others are not."""
_SOCKET_BEFORE = "admin.sock"
"""Where a proxy has it that was started before stacks had accounts, and runs on."""
_ANSWER_SECONDS = 2.0
_COUNTING_SECONDS = 0.5
"""For each of the two answers."""


def admin_state(folder: Path) -> AdminState | None:
    """Every cluster and endpoint that the proxy in this folder uses by now; None if it does not answer."""
    return parse_admin_state(*_get(folder, CLUSTERS_PATH))


def routes_version(folder: Path, name: str) -> str | None:
    """The version of the routes of this name that are served, "" if it has none yet; None if it does not answer."""
    return routes_version_of(_get(folder, ROUTES_PATH)[0], name)


def certificates(folder: Path) -> bytes | None:
    """What it says of the certificates that it serves; None if it does not answer."""
    return _get(folder, CERTIFICATES_PATH)[0]


def listeners(folder: Path) -> bytes | None:
    """What it says of the listeners that it serves; None if it does not answer."""
    return _get(folder, LISTENERS_PATH)[0]


def traffic(folder: Path) -> dict[str, Traffic]:
    """What the proxy in this folder counted, by service; nothing if it does not answer within a second."""
    return traffic_of(*_get(folder, *COUNTING_PATHS, seconds=_COUNTING_SECONDS))


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        with short(self._path) as path:
            self.sock.connect(path)
        # An account that may write to the folder could have put a socket of its own in the place of the proxy's.
        if not is_trusted(self.sock, self._path.parent.stat().st_uid):
            raise PermissionError(errno.EACCES, "another account listens there", str(self._path))


def _get(folder: Path, *targets: str, seconds: float = _ANSWER_SECONDS) -> list[bytes | None]:
    """An answer for each of the targets, all over one connection; None from where it does not answer any more."""
    path = next((path for path in (folder / SOCKET, folder / _SOCKET_BEFORE) if path.exists()), folder / SOCKET)
    connection = _Connection(path, seconds)
    answers: list[bytes | None] = []
    try:
        for target in targets:
            connection.request("GET", target)
            answers.append(connection.getresponse().read())
    except (OSError, http.client.HTTPException):
        answers += [None] * (len(targets) - len(answers))
    finally:
        connection.close()
    return answers
