"""Which requests come in at all, decided by their first lines alone: whose name they ask for, which page sent them."""

from collections.abc import Iterable
from dataclasses import dataclass

from deployments.server.page.files import OPEN_PATHS

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LOOKS = frozenset({"GET", "HEAD"})
CLOSED = frozenset({"api", "docs", "redoc", "openapi.json", "tenfold", "metrics"})
"""What a path begins with that nobody gets without a login, but for what is open below."""
OPEN_LOOKS = frozenset({"/api/health", "/api/ready", "/ui-settings", "/tenfold/login", "/tenfold/proof"}) | OPEN_PATHS
OPEN_CHANGES = frozenset({"/tenfold/session"})
"""It asks for a code of its own in place of a login."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a request before anything of it is parsed. `method` is empty for a WebSocket."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    """Their names in small letters."""

    def every(self, name: str) -> tuple[str, ...]:
        """The values of a header, in their order."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request that does not come in: the HTTP status, and a sentence for who sent it."""

    status: int
    message: str


def refusal(request: Request, names: Iterable[str]) -> Refusal | None:
    """Why a request does not come in, whoever sent it; None if it may. `names` are ours beside loopback's."""
    hosts, origins = request.every("host"), request.every("origin")
    if len(hosts) != 1 or not is_ours(hosts[0], names):
        return Refusal(403, f"This control plane is not called {_shown(hosts)}. {_CALLED}")
    if len(origins) > 1 or (origins and not is_same(origins[0], hosts[0])):
        return Refusal(403, f"A page of {_shown(origins)} may not ask this control plane.")
    if request.method in CHANGES and _has_body(request) and not _is_json(request):
        return Refusal(415, "A change is sent as JSON, with the header Content-Type: application/json.")
    return None


def is_open(request: Request) -> bool:
    """Whether anybody may ask it: signs of life, the pages that log in, and files of pages, which hold no data."""
    if request.method in LOOKS:
        first = request.path.lstrip("/").partition("/")[0]
        return request.path in OPEN_LOOKS or first not in CLOSED
    return request.method == "POST" and request.path in OPEN_CHANGES


def is_ours(host: str, names: Iterable[str]) -> bool:
    """Whether the value of a header `Host` names us, on any port: a tunnel brings its own."""
    name, port = _split(host)
    return name in LOOPBACK | set(names) and (port is None or port.isdecimal())


def is_same(origin: str, host: str) -> bool:
    """Whether a page of this origin came from the host that it asks. Another port is another origin."""
    scheme, _, place = origin.lower().partition("://")
    return scheme in ("http", "https") and place == host.lower()


def _split(host: str) -> tuple[str, str | None]:
    """The name and the port of `localhost:4200` and `[::1]:4200`."""
    host = host.lower()
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        return host, None
    return name, port


def _has_body(request: Request) -> bool:
    lengths = request.every("content-length")
    return bool(request.every("transfer-encoding")) or any(length.strip() != "0" for length in lengths)


def _is_json(request: Request) -> bool:
    types = request.every("content-type")
    return len(types) == 1 and types[0].partition(";")[0].strip().lower() == "application/json"


_CALLED = "It is called 127.0.0.1, localhost and [::1], and what TENFOLD_SERVER_NAMES names."


def _shown(values: tuple[str, ...]) -> str:
    """A stranger's words, shortened."""
    return " and ".join(value[:100] for value in values) or "by no name"
