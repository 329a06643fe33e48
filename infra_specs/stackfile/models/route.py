"""A service's route: which requests the proxy sends to it, how long they may take, and what is the same path."""

import re
from typing import Annotated
from urllib.parse import unquote_to_bytes

from pydantic import AfterValidator, Field, model_validator

from infra_specs.stackfile.models.model import Part
from infra_specs.stackfile.models.units import Duration, duration_text
from infra_specs.stackfile.models.volumes import VolumeName

PATH_PATTERN = r"^/[!-~]*$"
HOST_PATTERN = r"^(\*|(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?)$"
REQUEST_SECONDS = 300.0
"""How long an app may take until its answer begins unless the route says otherwise."""
_SEPARATORS = re.compile(rb"[/\\]+")


def segments(path: str) -> tuple[bytes, ...]:
    """What stands between the slashes of a path, decoded once. Paths with the same segments are the same to a route.

    Repeated slashes count as one, and so do `%2F`, a backslash and `%5C`, as many servers of apps read them.
    """
    return tuple(segment for segment in _SEPARATORS.split(unquote_to_bytes(path)) if segment)


def is_dots(segment: bytes) -> bool:
    """Whether a server may read a segment as `.` or `..`: `..;a` is `..` to some."""
    return segment.partition(b";")[0] in (b".", b"..")


def _reachable(path: str) -> str:
    for mark in "?#":
        if mark in path:
            raise ValueError(f"no request has a `{mark}` in its path, so nothing would lead here: leave it out")
    if any(map(is_dots, segments(path))):
        raise ValueError("the proxy refuses paths with a segment `.` or `..`, so nothing would lead here: write it out")
    return path


class RouteTimeouts(Part):
    """How long the proxy waits for an app. Whoever waited too long is answered with 504."""

    request: Duration = Field(default=REQUEST_SECONDS, ge=0.1, le=86_400)
    """How long an app may take to begin its answer, once it has the whole request. Not to end it: streams go on."""
    idle: Duration | None = Field(default=None, ge=1, le=7 * 86_400)
    """How long a request, stream or WebSocket may be silent in both directions. Unbounded unless given."""

    @model_validator(mode="after")
    def _ordered(self) -> "RouteTimeouts":
        if self.idle is not None and "request" in self.model_fields_set and self.idle < self.request:
            idle, request = duration_text(self.idle), duration_text(self.request)
            raise ValueError(
                f"idle {idle} ends what request {request} would wait for: an app that has not answered is silent, too. "
                "Raise idle, or lower request"
            )
        return self


RoutePath = Annotated[str, Field(pattern=PATH_PATTERN), AfterValidator(_reachable)]


class StaticFiles(Part):
    """Files of a volume that anybody may read: what users upload, as a rule."""

    path: RoutePath
    """The beginning of their paths, on the route's own host: with /media, /media/a/b.png is the file a/b.png."""
    volume: VolumeName
    """The volume of this service that they are in. Files whose names begin with a dot, and links, are never served."""


class Route(Part):
    """Which requests the proxy sends to this service."""

    host: Annotated[str, Field(pattern=HOST_PATTERN, max_length=253)] = "*"
    """The host name asked for; `*` is any."""
    path: RoutePath = "/"
    """The beginning of the path; the longest that fits wins. Repeated slashes in it count as one."""
    sticky: bool = False
    """Whether a browser stays with the replica that answered it first, by a cookie, while that replica is healthy."""
    timeouts: RouteTimeouts = RouteTimeouts()
    """How long the proxy waits for this service."""
    static: StaticFiles | None = None
    """Files of a volume that a file server of its own answers with: {path: /media, volume: media}."""
