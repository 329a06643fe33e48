"""What a proxy says when it is asked. Its admin interface listens on the container's own loopback, so only what is
executed inside reaches it."""

import http.client
import io
from shlex import quote as quoted
from typing import Any

from docker.errors import APIError

from tasks.providers.docker.engine.client import Engine
from tasks.providers.docker.engine.shell import ShellEnded
from tasks.providers.envoy import tls
from tasks.providers.envoy.admin_state import (
    CLUSTERS_PATH,
    LISTENERS_PATH,
    ROUTES_PATH,
    AdminState,
    parse_admin_state,
    routes_version_of,
)
from tasks.providers.envoy.counting import COUNTING_PATHS, traffic_of
from tasks.providers.seam.traffic import Traffic

ADMIN_PORT = 9901
_EXCHANGE_SCRIPT = "(exec 3<>/dev/tcp/127.0.0.1/{} && printf %s {} >&3 && timeout {} cat <&3)"
_REQUEST = "GET {} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: {}\r\n\r\n"


def admin_state(api: Engine, container: str) -> AdminState | None:
    """Every cluster and endpoint that this proxy uses by now; None if it does not answer."""
    return parse_admin_state(*_get(api, container, CLUSTERS_PATH))


def routes_version(api: Engine, container: str, name: str) -> str | None:
    """The version of the routes of this name that it serves, "" without any; None if it does not answer."""
    return routes_version_of(_get(api, container, ROUTES_PATH)[0], name)


def listeners(api: Engine, container: str) -> bytes | None:
    """Its listeners, in its own words; None if it does not answer."""
    return _get(api, container, LISTENERS_PATH)[0]


def certificates(api: Engine, container: str) -> bytes | None:
    """Its certificates, in its own words; None if it does not answer."""
    return _get(api, container, tls.CERTIFICATES_PATH)[0]


def traffic(api: Engine, container: str) -> dict[str, Traffic]:
    """What this proxy counted, by service; nothing if it does not answer within a second."""
    return traffic_of(*_get(api, container, *COUNTING_PATHS, seconds=1))


class _Answers(io.BytesIO):
    """What was read already, where a socket is expected: answer after answer."""

    def makefile(self, *_: Any) -> "_Answers":
        return self

    def close(self) -> None:
        """Who has read one answer closes it; the next is still to be read."""


def _get(api: Engine, container: str, *targets: str, seconds: int = 3) -> list[bytes | None]:
    """An answer for each of the targets, asked all at once; None for all of them if any is missing."""
    requests = [_REQUEST.format(target, "close" if target is targets[-1] else "keep-alive") for target in targets]
    command = _EXCHANGE_SCRIPT.format(ADMIN_PORT, quoted("".join(requests)), seconds)
    missing: list[bytes | None] = [None] * len(targets)
    try:
        code, output = api.inside(container, command)
    except (APIError, ShellEnded):
        return missing  # it does not run
    if code or not output:
        return missing
    try:
        return _read(output, len(targets))
    except http.client.HTTPException:
        return missing


def _read(output: bytes, count: int) -> list[bytes | None]:
    answers: Any = _Answers(output)
    bodies: list[bytes | None] = []
    for _ in range(count):
        answer = http.client.HTTPResponse(answers)
        answer.begin()
        bodies.append(answer.read())
    return bodies
